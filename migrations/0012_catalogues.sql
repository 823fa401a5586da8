-- What an environment adds to the built-in catalogue. Version 1 is the built-in catalogue alone and has no row;
-- each row has all own roles of its version, so that a revision is read under the catalogue that it was made with.
CREATE TABLE catalogues (
    environment_id bigint      NOT NULL CONSTRAINT catalogues_environment REFERENCES environments (id),
    version        integer     NOT NULL CONSTRAINT catalogues_version_counts CHECK (version > 1),
    roles          jsonb       NOT NULL,
    what           text        NOT NULL,
    made_by        uuid        CONSTRAINT catalogues_made_by REFERENCES accounts (id),
    made_by_name   text        NOT NULL,
    made_at        timestamptz NOT NULL,
    CONSTRAINT catalogues_pkey PRIMARY KEY (environment_id, version)
);
CREATE TRIGGER catalogues_append_only BEFORE UPDATE OR DELETE ON catalogues
    FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER catalogues_no_truncate BEFORE TRUNCATE ON catalogues
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

-- Rules that matter more or less to an environment than by default; what was set before is in the audit log.
CREATE TABLE rule_levels (
    environment_id bigint NOT NULL CONSTRAINT rule_levels_environment REFERENCES environments (id),
    rule           text   NOT NULL,
    level          text   NOT NULL CONSTRAINT rule_levels_level CHECK (level IN ('blocker', 'warning', 'advice', 'off')),
    CONSTRAINT rule_levels_pkey PRIMARY KEY (environment_id, rule)
);

ALTER TABLE audit_log DROP CONSTRAINT audit_log_action;
ALTER TABLE audit_log ADD CONSTRAINT audit_log_action CHECK (action IN (
    'account-added', 'account-granted', 'signed-in', 'signed-out', 'signed-out-everywhere',
    'environment-created', 'topology-imported', 'change-started', 'change-edited', 'change-rebased',
    'change-submitted', 'change-approved', 'change-sent-back', 'change-rejected', 'change-withdrawn',
    'run-started', 'step-confirmed', 'run-succeeded', 'run-failed',
    'role-saved', 'role-removed', 'rule-level-set'));

-- The version that a change's edits are read under; open changes follow the environment, ended ones keep theirs.
ALTER TABLE changes ADD COLUMN catalogue_version integer NOT NULL DEFAULT 1;
