-- Who has to approve changes of an environment. Version 1 is the built-in policy and has no row. Another one is proposed
-- by one person and approved by another; each row keeps both, so that an apply can be read under the policy of then.
CREATE TABLE policy_proposals (
    id             bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT policy_proposals_pkey PRIMARY KEY,
    environment_id bigint      NOT NULL CONSTRAINT policy_proposals_environment REFERENCES environments (id),
    based_on       integer     NOT NULL CONSTRAINT policy_proposals_based_on_counts CHECK (based_on > 0),
    rules          jsonb       NOT NULL,
    reason         text        NOT NULL CONSTRAINT policy_proposals_reason_given CHECK (reason <> ''),
    proposer_id    uuid        NOT NULL CONSTRAINT policy_proposals_proposer REFERENCES accounts (id),
    proposer_name  text        NOT NULL,
    proposed_at    timestamptz NOT NULL,
    state          text        NOT NULL DEFAULT 'open' CONSTRAINT policy_proposals_state
                               CHECK (state IN ('open', 'approved', 'rejected', 'withdrawn')),
    decider_id     uuid        CONSTRAINT policy_proposals_decider REFERENCES accounts (id),
    decider_name   text,
    decided_at     timestamptz,
    decision       text,
    CONSTRAINT policy_proposals_decided
        CHECK (CASE WHEN state = 'open' THEN num_nonnulls(decider_id, decider_name, decided_at, decision) = 0
                    ELSE num_nulls(decider_id, decider_name, decided_at) = 0 END),
    CONSTRAINT policy_proposals_by_another
        CHECK (CASE WHEN state = 'withdrawn' THEN decider_id = proposer_id ELSE decider_id <> proposer_id END),
    CONSTRAINT policy_proposals_rejected_with_reason CHECK (state <> 'rejected' OR decision <> '' AND decision IS NOT NULL)
);
CREATE UNIQUE INDEX policy_proposals_one_open ON policy_proposals (environment_id) WHERE state = 'open';

CREATE TABLE policies (
    environment_id bigint      NOT NULL CONSTRAINT policies_environment REFERENCES environments (id),
    version        integer     NOT NULL CONSTRAINT policies_version_counts CHECK (version > 1),
    rules          jsonb       NOT NULL,
    proposal_id    bigint      NOT NULL CONSTRAINT policies_proposal REFERENCES policy_proposals (id)
                               CONSTRAINT policies_proposal_once UNIQUE,
    reason         text        NOT NULL,
    proposer_id    uuid        NOT NULL CONSTRAINT policies_proposer REFERENCES accounts (id),
    proposer_name  text        NOT NULL,
    approver_id    uuid        NOT NULL CONSTRAINT policies_approver REFERENCES accounts (id),
    approver_name  text        NOT NULL,
    approved_at    timestamptz NOT NULL,
    CONSTRAINT policies_pkey PRIMARY KEY (environment_id, version),
    CONSTRAINT policies_by_another CHECK (approver_id <> proposer_id)
);
CREATE TRIGGER policies_append_only BEFORE UPDATE OR DELETE ON policies
    FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER policies_no_truncate BEFORE TRUNCATE ON policies
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

-- Under what a run was approved: what is asked, and for how long approvals hold, may be other things by now.
ALTER TABLE runs
    ADD COLUMN policy_version integer NOT NULL DEFAULT 1,
    ADD COLUMN approval_hours integer NOT NULL DEFAULT 168;

ALTER TABLE audit_log DROP CONSTRAINT audit_log_action;
ALTER TABLE audit_log ADD CONSTRAINT audit_log_action CHECK (action IN (
    'account-added', 'account-granted', 'signed-in', 'signed-out', 'signed-out-everywhere',
    'environment-created', 'topology-imported', 'change-started', 'change-edited', 'change-rebased',
    'change-submitted', 'change-approved', 'change-sent-back', 'change-rejected', 'change-withdrawn',
    'run-started', 'step-confirmed', 'run-succeeded', 'run-failed',
    'role-saved', 'role-removed', 'rule-level-set',
    'vote-taken-back', 'approval-lapsed', 'policy-proposed', 'policy-approved', 'policy-rejected', 'policy-withdrawn'));
