-- People who sign in.
-- Accounts are disabled, never deleted: revisions, votes and the audit log go on naming them.
-- session_epoch moves when somebody signs out everywhere; a session that carries an older one is worth nothing.
CREATE TABLE accounts (
    id            uuid        NOT NULL CONSTRAINT accounts_pkey PRIMARY KEY,
    email         text        NOT NULL CONSTRAINT accounts_email_key UNIQUE
                              CONSTRAINT accounts_email_normal CHECK (email = lower(email) AND email <> ''),
    name          text        NOT NULL CONSTRAINT accounts_name_given CHECK (name <> ''),
    password_hash text        NOT NULL CONSTRAINT accounts_password_hashed CHECK (password_hash LIKE '$argon2id$%'),
    session_epoch bigint      NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL,
    disabled_at   timestamptz
);
