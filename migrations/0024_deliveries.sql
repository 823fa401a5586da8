-- Mails and calls of webhooks, each sent from its row: claimed with a lease, tried again with growing pauses, given up at
-- last. `key` is its id for the receiver and stays the same over all attempts; `attempts` numbers them, `tries` counts
-- those since it was written or sent again by a person, and decides the pause.
CREATE TABLE deliveries (
    id             bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT deliveries_pkey PRIMARY KEY,
    key            uuid        NOT NULL CONSTRAINT deliveries_key UNIQUE,
    environment_id bigint      NOT NULL CONSTRAINT deliveries_environment REFERENCES environments (id),
    means          text        NOT NULL CONSTRAINT deliveries_means CHECK (means IN ('mail', 'webhook')),
    kind           text        NOT NULL,
    title          text        NOT NULL,
    notice_id      bigint      CONSTRAINT deliveries_notice REFERENCES notices (id)
                               CONSTRAINT deliveries_notice_once UNIQUE,
    webhook_id     bigint      CONSTRAINT deliveries_webhook REFERENCES webhooks (id),
    outbox_id      bigint,
    payload        jsonb,
    created_at     timestamptz NOT NULL,
    state          text        NOT NULL DEFAULT 'pending' CONSTRAINT deliveries_state
                               CHECK (state IN ('pending', 'failed', 'delivered', 'given-up')),
    next_at        timestamptz NOT NULL,
    attempts       integer     NOT NULL DEFAULT 0,
    tries          integer     NOT NULL DEFAULT 0,
    lease_until    timestamptz,
    last_error     text,
    CONSTRAINT deliveries_webhook_once UNIQUE (outbox_id, webhook_id),
    CONSTRAINT deliveries_of_means CHECK (CASE means
        WHEN 'mail' THEN notice_id IS NOT NULL AND num_nonnulls(webhook_id, outbox_id, payload) = 0
        ELSE notice_id IS NULL AND num_nulls(webhook_id, payload) = 0 END)
);
CREATE INDEX deliveries_due ON deliveries (means, next_at) WHERE state IN ('pending', 'failed');
CREATE INDEX deliveries_newest ON deliveries (environment_id, id DESC);
CREATE INDEX deliveries_old ON deliveries (created_at);

CREATE TABLE delivery_attempts (
    delivery_id bigint      NOT NULL CONSTRAINT delivery_attempts_delivery REFERENCES deliveries (id) ON DELETE CASCADE,
    number      integer     NOT NULL,
    at          timestamptz NOT NULL,
    arrived     boolean     NOT NULL,
    status      integer,
    answer      text        NOT NULL CONSTRAINT delivery_attempts_answer_length CHECK (length(answer) <= 500),
    CONSTRAINT delivery_attempts_pkey PRIMARY KEY (delivery_id, number)
);
