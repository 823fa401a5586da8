-- What people say about a change or about a step of its plan. Never altered: who was wrong says so in another comment.
-- The same text with the same key is one comment, sent twice; another text with it is another.
CREATE TABLE change_comments (
    id          bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT change_comments_pkey PRIMARY KEY,
    change_id   bigint      NOT NULL CONSTRAINT change_comments_change REFERENCES changes (id),
    step_id     text        CONSTRAINT change_comments_step_given CHECK (length(step_id) BETWEEN 1 AND 1000),
    author_id   uuid        CONSTRAINT change_comments_author REFERENCES accounts (id),
    author_name text        NOT NULL,
    at          timestamptz NOT NULL,
    text        text        NOT NULL CONSTRAINT change_comments_text_given CHECK (btrim(text) <> ''),
    key         text        NOT NULL CONSTRAINT change_comments_key_length CHECK (length(key) BETWEEN 1 AND 64)
);
CREATE UNIQUE INDEX change_comments_once ON change_comments (change_id, author_id, key, coalesce(step_id, ''), md5(text))
    NULLS NOT DISTINCT;
CREATE INDEX change_comments_in_order ON change_comments (change_id, id);
CREATE TRIGGER change_comments_append_only BEFORE UPDATE OR DELETE ON change_comments
    FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER change_comments_no_truncate BEFORE TRUNCATE ON change_comments
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

ALTER TABLE audit_log DROP CONSTRAINT audit_log_action;
ALTER TABLE audit_log ADD CONSTRAINT audit_log_action CHECK (action IN (
    'account-added', 'account-granted', 'signed-in', 'signed-out', 'signed-out-everywhere',
    'environment-created', 'topology-imported', 'change-started', 'change-edited', 'change-rebased',
    'change-submitted', 'change-approved', 'change-sent-back', 'change-rejected', 'change-withdrawn',
    'run-started', 'step-confirmed', 'run-succeeded', 'run-failed',
    'role-saved', 'role-removed', 'rule-level-set',
    'vote-taken-back', 'approval-lapsed', 'policy-proposed', 'policy-approved', 'policy-rejected', 'policy-withdrawn',
    'comment-added'));
