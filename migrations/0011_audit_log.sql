-- Who did what, when, on what, why, and what was true before and after; written in the transaction of the thing itself.
CREATE TABLE audit_log (
    sequence       bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT audit_log_pkey PRIMARY KEY,
    at             timestamptz NOT NULL,
    actor_id       uuid        CONSTRAINT audit_log_actor REFERENCES accounts (id),
    actor_name     text        NOT NULL,
    action         text        NOT NULL CONSTRAINT audit_log_action CHECK (action IN (
                   'account-added', 'account-granted', 'signed-in', 'signed-out', 'signed-out-everywhere',
                   'environment-created', 'topology-imported', 'change-started', 'change-edited', 'change-rebased',
                   'change-submitted', 'change-approved', 'change-sent-back', 'change-rejected', 'change-withdrawn',
                   'run-started', 'step-confirmed', 'run-succeeded', 'run-failed')),
    subject_kind   text        NOT NULL,
    subject        text        NOT NULL,
    environment_id bigint      CONSTRAINT audit_log_environment REFERENCES environments (id),
    reason         text,
    before         jsonb,
    after          jsonb
);
CREATE INDEX audit_log_newest ON audit_log (environment_id, sequence DESC);
CREATE INDEX audit_log_subject ON audit_log (environment_id, subject_kind, subject, sequence DESC);
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
