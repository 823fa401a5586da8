-- Sessions of the browser. The id is stored hashed, so that a dump of the database holds no usable cookie.
-- account_id repeats what the data says, so that "sign out everywhere" can find the rows.
CREATE TABLE sessions (
    id_hash    bytea       NOT NULL CONSTRAINT sessions_pkey PRIMARY KEY
                           CONSTRAINT sessions_id_hashed CHECK (octet_length(id_hash) = 32),
    account_id uuid        CONSTRAINT sessions_account REFERENCES accounts (id) ON DELETE CASCADE,
    data       jsonb       NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_account_id ON sessions (account_id);
CREATE INDEX sessions_expires_at ON sessions (expires_at);
