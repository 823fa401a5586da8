-- One person loosens nothing alone: beside policies, a rule that is to matter less and a maintenance window that is to go
-- are proposed, and each proposal is put in force by as many people as the strictest rule in force asks for.
-- What is proposed is in `rules` for a policy, as ever, and in `proposed` for the rest. One about each thing waits at a time.
ALTER TABLE policy_proposals
    ALTER COLUMN rules DROP NOT NULL,
    ADD COLUMN kind     text NOT NULL DEFAULT 'policy' CONSTRAINT policy_proposals_kind
                        CHECK (kind IN ('policy', 'rule-level', 'window-removal')),
    ADD COLUMN subject  text NOT NULL DEFAULT '',
    ADD COLUMN proposed jsonb,
    ADD CONSTRAINT policy_proposals_what CHECK (
        (rules IS NOT NULL) = (kind = 'policy') AND (proposed IS NULL) = (kind = 'policy')
        AND (subject = '') = (kind = 'policy'));
DROP INDEX policy_proposals_one_open;
CREATE UNIQUE INDEX policy_proposals_one_open ON policy_proposals (environment_id, kind, subject) WHERE state = 'open';

-- Who approved a proposal, and in which named groups they were then. The policies so far had one approval each.
CREATE TABLE policy_proposal_approvals (
    proposal_id   bigint      NOT NULL CONSTRAINT policy_proposal_approvals_proposal REFERENCES policy_proposals (id),
    approver_id   uuid        NOT NULL CONSTRAINT policy_proposal_approvals_approver REFERENCES accounts (id),
    approver_name text        NOT NULL,
    groups        text[]      NOT NULL,
    at            timestamptz NOT NULL,
    CONSTRAINT policy_proposal_approvals_pkey PRIMARY KEY (proposal_id, approver_id)
);
INSERT INTO policy_proposal_approvals (proposal_id, approver_id, approver_name, groups, at)
SELECT proposal_id, approver_id, approver_name, '{}', approved_at FROM policies;
CREATE TRIGGER policy_proposal_approvals_append_only BEFORE UPDATE OR DELETE ON policy_proposal_approvals
    FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER policy_proposal_approvals_no_truncate BEFORE TRUNCATE ON policy_proposal_approvals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

-- The domain counts people, groups and leads. This holds the least of it against everything that reaches the tables past
-- it, and against a process of before that would take one approval: never the proposer, only what still waits, and no
-- policy with fewer approvals than the strictest rule of the one before it asks of one group.
CREATE FUNCTION refuse_own_proposal_approval() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM policy_proposals
    WHERE id = NEW.proposal_id AND state = 'open' AND proposer_id <> NEW.approver_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'proposal % does not wait for the approval of this person', NEW.proposal_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'policy_proposal_approvals_by_another';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER policy_proposal_approvals_by_another BEFORE INSERT ON policy_proposal_approvals
    FOR EACH ROW EXECUTE FUNCTION refuse_own_proposal_approval();

CREATE FUNCTION refuse_policy_by_too_few() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    -- The built-in policy, which has no row, asks for two leads.
    needed integer := 2;
BEGIN
    SELECT coalesce((SELECT max((rule ->> 'quorum')::integer) FROM jsonb_array_elements(p.rules) AS rule), 1)
    INTO needed
    FROM policies p WHERE p.environment_id = NEW.environment_id ORDER BY p.version DESC LIMIT 1;
    IF (SELECT count(*) FROM policy_proposal_approvals a WHERE a.proposal_id = NEW.proposal_id) < coalesce(needed, 2)
    THEN
        RAISE EXCEPTION 'proposal % has too few approvals', NEW.proposal_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'policies_by_enough';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER policies_by_enough BEFORE INSERT ON policies
    FOR EACH ROW EXECUTE FUNCTION refuse_policy_by_too_few();

-- What guards others looks at the tables of this schema, whatever a session puts before them on its path.
DO $$
DECLARE
    guard text;
BEGIN
    FOREACH guard IN ARRAY ARRAY['refuse_own_proposal_approval()', 'refuse_policy_by_too_few()'] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', guard, current_schema());
    END LOOP;
END
$$;

INSERT INTO audited_actions (action) VALUES
    ('proposal-made'), ('proposal-backed'), ('proposal-in-force'), ('proposal-rejected'), ('proposal-withdrawn');
