/** Who acts in the tests: the demo accounts, all with one password. */

/** `STRATA_DEMO_PASSWORD` of the servers under test. */
export const PASSWORD = 'correct horse battery staple';

export interface Person {
  email: string;
  name: string;
}

/** Admin of the environment. */
export const ADA: Person = { email: 'admin@example.net', name: 'Ada Admin' };
/** Admin too: two people in one draft. */
export const ALMA: Person = { email: 'admin2@example.net', name: 'Alma Admin' };
/** Lead of it. */
export const LENA: Person = { email: 'lead@example.net', name: 'Lena Lead' };
/** Lead too, and an infrastructure expert. */
export const LEO: Person = { email: 'lead2@example.net', name: 'Leo Lead' };
/** May look and no more. */
export const VERA: Person = { email: 'viewer@example.net', name: 'Vera Viewer' };
