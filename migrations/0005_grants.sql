-- What an account may be in an environment, and the groups that approvals can ask for.
CREATE TABLE grants (
    account_id     uuid   NOT NULL CONSTRAINT grants_account REFERENCES accounts (id),
    environment_id bigint NOT NULL CONSTRAINT grants_environment REFERENCES environments (id),
    capability     text   NOT NULL CONSTRAINT grants_capability CHECK (capability IN ('viewer', 'admin', 'lead')),
    CONSTRAINT grants_pkey PRIMARY KEY (account_id, environment_id, capability)
);
CREATE TABLE group_members (
    environment_id bigint NOT NULL CONSTRAINT group_members_environment REFERENCES environments (id),
    group_name     text   NOT NULL CONSTRAINT group_members_name_given CHECK (group_name <> ''),
    account_id     uuid   NOT NULL CONSTRAINT group_members_account REFERENCES accounts (id),
    CONSTRAINT group_members_pkey PRIMARY KEY (environment_id, group_name, account_id)
);
