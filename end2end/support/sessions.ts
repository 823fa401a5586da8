/** Who is signed in at a server: one session for each person, made once, since hashing a password takes its time. */

import { type APIRequestContext, type BrowserContextOptions, expect, request } from '@playwright/test';

import { Api } from './api.ts';
import { PASSWORD, type Person } from './people.ts';

/** What a browser has to remember to be signed in. */
export type StorageState = Exclude<NonNullable<BrowserContextOptions['storageState']>, string>;

export class Sessions {
  private readonly address: string;
  private readonly states = new Map<string, Promise<StorageState>>();
  private readonly requests: APIRequestContext[] = [];

  constructor(address: string) {
    this.address = address;
  }

  /** Signs in at the first call. */
  of(person: Person): Promise<StorageState> {
    let state = this.states.get(person.email);
    if (state === undefined) {
      state = this.begin(person);
      this.states.set(person.email, state);
    }
    return state;
  }

  /** The API as that person, or as nobody. */
  async api(person?: Person): Promise<Api> {
    const storageState = person === undefined ? undefined : await this.of(person);
    return new Api(await this.requestsAs(storageState));
  }

  async dispose(): Promise<void> {
    await Promise.all(this.requests.map((context) => context.dispose()));
  }

  private async requestsAs(storageState?: StorageState): Promise<APIRequestContext> {
    const context = await request.newContext({
      baseURL: this.address,
      extraHTTPHeaders: { Origin: this.address },
      ...(storageState === undefined ? {} : { storageState }),
    });
    this.requests.push(context);
    return context;
  }

  private async begin({ email }: Person): Promise<StorageState> {
    const context = await this.requestsAs();
    const response = await new Api(context).post('sign_in', { email, password: PASSWORD });
    expect(response.status(), `signing in as ${email}: ${await response.text()}`).toBeLessThan(400);
    return context.storageState();
  }
}
