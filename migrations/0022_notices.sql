-- What people are told, and what each of them chose about it.
-- The outbox holds what is to be told, written in the transaction of the act itself: `audit_sequence` says which act;
-- `since` is there where only time passed, and says since when. Its key makes telling twice impossible.
CREATE TABLE outbox (
    id             bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT outbox_pkey PRIMARY KEY,
    kind           text        NOT NULL,
    environment_id bigint      NOT NULL CONSTRAINT outbox_environment REFERENCES environments (id),
    audit_sequence bigint      CONSTRAINT outbox_audit REFERENCES audit_log (sequence),
    change_id      bigint      CONSTRAINT outbox_change REFERENCES changes (id),
    since          timestamptz,
    at             timestamptz NOT NULL,
    next_at        timestamptz NOT NULL,
    attempts       integer     NOT NULL DEFAULT 0,
    last_error     text,
    done_at        timestamptz,
    CONSTRAINT outbox_once UNIQUE NULLS NOT DISTINCT (kind, audit_sequence, change_id, since),
    CONSTRAINT outbox_why CHECK (num_nonnulls(audit_sequence, since) = 1)
);
CREATE INDEX outbox_open ON outbox (next_at) WHERE done_at IS NULL;

-- Who switched the page off for a topic has a row all the same (`in_page` false): a mail is written from it, and who was
-- told of what is known from here.
CREATE TABLE notices (
    id             bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT notices_pkey PRIMARY KEY,
    outbox_id      bigint      NOT NULL,
    account_id     uuid        NOT NULL CONSTRAINT notices_account REFERENCES accounts (id),
    environment_id bigint      NOT NULL CONSTRAINT notices_environment REFERENCES environments (id),
    change_id      bigint      CONSTRAINT notices_change REFERENCES changes (id),
    kind           text        NOT NULL,
    topic          text        NOT NULL,
    title          text        NOT NULL,
    text           text        NOT NULL,
    path           text        NOT NULL,
    at             timestamptz NOT NULL,
    in_page        boolean     NOT NULL,
    read_at        timestamptz,
    CONSTRAINT notices_once UNIQUE (outbox_id, account_id)
);
CREATE INDEX notices_newest ON notices (account_id, id DESC) WHERE in_page;
CREATE INDEX notices_unread ON notices (account_id) WHERE in_page AND read_at IS NULL;
CREATE INDEX notices_of_change ON notices (change_id, kind);
CREATE INDEX notices_old ON notices (at);

CREATE TABLE notice_choices (
    account_id uuid    NOT NULL CONSTRAINT notice_choices_account REFERENCES accounts (id),
    topic      text    NOT NULL CONSTRAINT notice_choices_topic CHECK (topic <> 'break-glass'),
    channel    text    NOT NULL CONSTRAINT notice_choices_channel CHECK (channel IN ('page', 'mail')),
    wanted     boolean NOT NULL,
    CONSTRAINT notice_choices_pkey PRIMARY KEY (account_id, topic, channel)
);

-- When a process last said that it sends mail; none that does means that none is written.
CREATE TABLE mail_heartbeat (
    only_row boolean     NOT NULL DEFAULT true CONSTRAINT mail_heartbeat_pkey PRIMARY KEY
                         CONSTRAINT mail_heartbeat_one CHECK (only_row),
    at       timestamptz NOT NULL
);
