-- Addresses that are told what happens in an environment. The secret signs what is sent and is needed as it is, so no
-- hash of it would do; it leaves the database only once, to who adds the webhook, and is gone when that is removed.
CREATE TABLE webhooks (
    id              bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT webhooks_pkey PRIMARY KEY,
    environment_id  bigint      NOT NULL CONSTRAINT webhooks_environment REFERENCES environments (id),
    url             text        NOT NULL CONSTRAINT webhooks_url_form CHECK (url ~ '^https?://'),
    topics          text[]      NOT NULL CONSTRAINT webhooks_topics_given CHECK (cardinality(topics) > 0),
    secret          bytea       CONSTRAINT webhooks_secret_length CHECK (octet_length(secret) = 32),
    active          boolean     NOT NULL DEFAULT true,
    created_by      uuid        CONSTRAINT webhooks_created_by REFERENCES accounts (id),
    created_by_name text        NOT NULL,
    created_at      timestamptz NOT NULL,
    removed_at      timestamptz,
    CONSTRAINT webhooks_secret_kept CHECK ((removed_at IS NULL) = (secret IS NOT NULL)),
    CONSTRAINT webhooks_removed_is_off CHECK (removed_at IS NULL OR NOT active)
);
CREATE INDEX webhooks_of_environment ON webhooks (environment_id) WHERE removed_at IS NULL;

INSERT INTO audited_actions (action) VALUES ('webhook-added'), ('webhook-removed'), ('delivery-resent'), ('patience-set');
