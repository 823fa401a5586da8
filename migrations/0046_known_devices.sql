-- Browsers that somebody signed in from. What others guess elsewhere does not hold these up. The browser keeps a random
-- word, and here is its hash: it lets nobody in, it only says that a guess is counted apart.
CREATE TABLE known_devices (
    account_id  uuid        NOT NULL CONSTRAINT known_devices_account REFERENCES accounts (id),
    device_hash bytea       NOT NULL CONSTRAINT known_devices_hashed CHECK (octet_length(device_hash) = 32),
    first_at    timestamptz NOT NULL,
    last_at     timestamptz NOT NULL,
    CONSTRAINT known_devices_pkey PRIMARY KEY (account_id, device_hash)
);
CREATE INDEX known_devices_last_at ON known_devices (last_at);

-- The owner of an account is told that somebody guesses, once a day at most: `since` is the day then, and this the owner.
ALTER TABLE outbox ADD COLUMN account_id uuid CONSTRAINT outbox_account REFERENCES accounts (id);
ALTER TABLE outbox DROP CONSTRAINT outbox_once;
ALTER TABLE outbox
    ADD CONSTRAINT outbox_once UNIQUE NULLS NOT DISTINCT (kind, audit_sequence, change_id, since, account_id);
-- Nobody chooses not to be told of that.
ALTER TABLE notice_choices DROP CONSTRAINT notice_choices_topic;
ALTER TABLE notice_choices ADD CONSTRAINT notice_choices_topic CHECK (topic NOT IN ('break-glass', 'account'));
