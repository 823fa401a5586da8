-- What is urgent (a change applied without approval) is told and sent before all else, and no environment keeps others
-- waiting: who tells takes one row of an environment at a time, holds it with a lease, and goes round among them.
ALTER TABLE outbox
    ADD COLUMN urgent      boolean NOT NULL DEFAULT false,
    ADD COLUMN lease_until timestamptz;
UPDATE outbox SET urgent = true WHERE kind IN ('glass.broken', 'glass.reviewed');
DROP INDEX outbox_open;
CREATE INDEX outbox_open ON outbox (environment_id, urgent DESC, id) WHERE done_at IS NULL;

ALTER TABLE deliveries ADD COLUMN urgent boolean NOT NULL DEFAULT false;
UPDATE deliveries SET urgent = true WHERE kind IN ('glass.broken', 'glass.reviewed') AND state IN ('pending', 'failed');
DROP INDEX deliveries_due;
CREATE INDEX deliveries_due ON deliveries (means, environment_id, urgent DESC, next_at, id)
    WHERE state IN ('pending', 'failed');
-- One call of a webhook at a time: whether another is under way.
CREATE INDEX deliveries_under_way ON deliveries (environment_id, means) WHERE lease_until IS NOT NULL;
