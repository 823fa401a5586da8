-- A change is an append-only log of edits over a base revision, so that undo, authorship, concurrent editing and
-- rebase come from one mechanism. `version` moves with every act: a request that names an older one is a conflict,
-- and touched_* says who came first. `round` moves when it is sent back: votes of an older round no longer count.
CREATE TABLE changes (
    id                bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT changes_pkey PRIMARY KEY,
    environment_id    bigint      NOT NULL CONSTRAINT changes_environment REFERENCES environments (id),
    title             text        NOT NULL CONSTRAINT changes_title_given CHECK (title <> ''),
    state             text        NOT NULL DEFAULT 'draft' CONSTRAINT changes_state CHECK (state IN
                      ('draft', 'in-review', 'approved', 'provisioning', 'applied', 'rejected', 'withdrawn', 'failed')),
    version           bigint      NOT NULL DEFAULT 1,
    round             bigint      NOT NULL DEFAULT 1,
    base_revision     bigint      NOT NULL,
    created_by        uuid        CONSTRAINT changes_created_by REFERENCES accounts (id),
    created_by_name   text        NOT NULL,
    created_at        timestamptz NOT NULL,
    submitted_by      uuid        CONSTRAINT changes_submitted_by REFERENCES accounts (id),
    submitted_by_name text,
    submitted_at      timestamptz,
    touched_by        uuid        CONSTRAINT changes_touched_by REFERENCES accounts (id),
    touched_by_name   text        NOT NULL,
    touched_action    text        NOT NULL,
    touched_at        timestamptz NOT NULL,
    reason            text,
    CONSTRAINT changes_base FOREIGN KEY (environment_id, base_revision) REFERENCES revisions (environment_id, number),
    CONSTRAINT changes_submitter_known CHECK (state IN ('draft', 'withdrawn') OR submitted_at IS NOT NULL)
);
CREATE INDEX changes_newest ON changes (environment_id, id DESC);
CREATE INDEX changes_newest_of_state ON changes (environment_id, state, id DESC);

CREATE TABLE change_edits (
    change_id   bigint      NOT NULL CONSTRAINT change_edits_change REFERENCES changes (id),
    sequence    bigint      NOT NULL CONSTRAINT change_edits_sequence_counts CHECK (sequence > 0),
    author_id   uuid        CONSTRAINT change_edits_author REFERENCES accounts (id),
    author_name text        NOT NULL,
    edit        jsonb       NOT NULL,
    at          timestamptz NOT NULL,
    CONSTRAINT change_edits_pkey PRIMARY KEY (change_id, sequence)
);
CREATE TRIGGER change_edits_append_only BEFORE UPDATE OR DELETE ON change_edits
    FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER change_edits_no_truncate BEFORE TRUNCATE ON change_edits
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

-- Everybody who ever submitted it: a second submission must not make the first submitter a possible approver.
CREATE TABLE change_submissions (
    change_id      bigint      NOT NULL CONSTRAINT change_submissions_change REFERENCES changes (id),
    version        bigint      NOT NULL,
    submitter_id   uuid        CONSTRAINT change_submissions_submitter REFERENCES accounts (id),
    submitter_name text        NOT NULL,
    at             timestamptz NOT NULL,
    CONSTRAINT change_submissions_pkey PRIMARY KEY (change_id, version)
);
CREATE TRIGGER change_submissions_append_only BEFORE UPDATE OR DELETE ON change_submissions
    FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER change_submissions_no_truncate BEFORE TRUNCATE ON change_submissions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
