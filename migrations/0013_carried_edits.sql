-- Several people write one draft at once, and its base moves under them. The log stays append-only for both:
-- `batch` is the key that a client gave to edits that came together, so that a batch sent twice is taken once;
-- a rebase appends the edits anew, each with `carried_from`, and `log_start` says where the log in force begins.
ALTER TABLE change_edits
    ADD COLUMN batch        text   CONSTRAINT change_edits_batch_length CHECK (char_length(batch) BETWEEN 1 AND 64),
    ADD COLUMN carried_from bigint CONSTRAINT change_edits_carried_onward CHECK (carried_from < sequence),
    ADD CONSTRAINT change_edits_carried FOREIGN KEY (change_id, carried_from)
        REFERENCES change_edits (change_id, sequence);
CREATE INDEX change_edits_batch ON change_edits (change_id, batch) WHERE batch IS NOT NULL;

ALTER TABLE changes
    ADD COLUMN log_start bigint NOT NULL DEFAULT 1 CONSTRAINT changes_log_start_counts CHECK (log_start > 0);
