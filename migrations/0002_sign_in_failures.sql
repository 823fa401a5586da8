-- Slows down guessing, for each account and for each address, over all server processes.
-- The key is a prefix with a SHA-256 of what was typed: people type passwords into the wrong field,
-- and a key must exist for unknown accounts too, or the answer would tell which accounts there are.
CREATE TABLE sign_in_failures (
    key      text        NOT NULL CONSTRAINT sign_in_failures_pkey PRIMARY KEY,
    failures integer     NOT NULL CONSTRAINT sign_in_failures_counted CHECK (failures > 0),
    last_at  timestamptz NOT NULL
);
CREATE INDEX sign_in_failures_last_at ON sign_in_failures (last_at);
