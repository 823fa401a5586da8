-- When changes may be applied: maintenance windows and freezes, as `strata_domain::schedule` reads them. What was
-- removed stays, because an apply that waited for it is told by its name.
CREATE TABLE schedule_entries (
    id              bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT schedule_entries_pkey PRIMARY KEY,
    environment_id  bigint      NOT NULL CONSTRAINT schedule_entries_environment REFERENCES environments (id),
    kind            text        NOT NULL CONSTRAINT schedule_entries_kind CHECK (kind IN ('window', 'freeze')),
    name            text        NOT NULL CONSTRAINT schedule_entries_name_given CHECK (btrim(name) <> ''),
    reason          text        NOT NULL CONSTRAINT schedule_entries_reason_given CHECK (btrim(reason) <> ''),
    zone            text        NOT NULL,
    recurrence      jsonb       NOT NULL,
    -- Since when it is on at these times: what was ended early of other times says nothing about these.
    timed_at        timestamptz NOT NULL,
    version         bigint      NOT NULL DEFAULT 1,
    touched_by      uuid        CONSTRAINT schedule_entries_touched_by REFERENCES accounts (id),
    touched_by_name text        NOT NULL,
    touched_at      timestamptz NOT NULL,
    removed_at      timestamptz
);
CREATE UNIQUE INDEX schedule_entries_name ON schedule_entries (environment_id, lower(name)) WHERE removed_at IS NULL;

-- Occurrences of freezes that a lead ended before their time.
CREATE TABLE freeze_endings (
    entry_id      bigint      NOT NULL CONSTRAINT freeze_endings_entry REFERENCES schedule_entries (id),
    occurrence    timestamptz NOT NULL,
    ended_by      uuid        CONSTRAINT freeze_endings_ended_by REFERENCES accounts (id),
    ended_by_name text        NOT NULL,
    reason        text        NOT NULL CONSTRAINT freeze_endings_reason_given CHECK (btrim(reason) <> ''),
    at            timestamptz NOT NULL,
    CONSTRAINT freeze_endings_pkey PRIMARY KEY (entry_id, occurrence)
);
CREATE TRIGGER freeze_endings_append_only BEFORE UPDATE OR DELETE ON freeze_endings
    FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER freeze_endings_no_truncate BEFORE TRUNCATE ON freeze_endings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

-- An approved change that somebody applied while the environment is closed: it starts by itself when that is over.
ALTER TABLE changes
    ADD COLUMN apply_asked_by      uuid CONSTRAINT changes_apply_asked_by REFERENCES accounts (id),
    ADD COLUMN apply_asked_by_name text,
    ADD COLUMN apply_asked_at      timestamptz,
    ADD CONSTRAINT changes_apply_asked CHECK (
        (apply_asked_at IS NULL) = (apply_asked_by_name IS NULL)
        AND (apply_asked_at IS NOT NULL OR apply_asked_by IS NULL)
        AND (apply_asked_at IS NULL OR state = 'approved'));
CREATE INDEX changes_waiting ON changes (environment_id, apply_asked_at) WHERE apply_asked_at IS NOT NULL;

INSERT INTO audited_actions (action) VALUES
    ('schedule-entry-added'), ('schedule-entry-changed'), ('schedule-entry-removed'), ('freeze-ended'),
    ('approval-lifetime-set'), ('apply-asked'), ('apply-called-off');
