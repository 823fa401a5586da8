-- How fast each person does what others are told of: when what they did so far would be spread out evenly. One row for
-- each person and kind of act, locked while one of them is counted, so that a hundred at once are counted one by one.
CREATE TABLE paces (
    account_id uuid        NOT NULL CONSTRAINT paces_account REFERENCES accounts (id),
    paced      text        NOT NULL,
    due        timestamptz NOT NULL,
    CONSTRAINT paces_pkey PRIMARY KEY (account_id, paced)
);
