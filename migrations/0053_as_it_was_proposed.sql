-- What loosens is put in force as it was proposed, and in the transaction that ends its proposal: a policy, a rule that
-- matters less, a maintenance window that goes. A proposal that was turned down, or is another's, or was put in force
-- before, serves for nothing.
ALTER TABLE policy_proposals ADD COLUMN decided_in xid8;

-- The least of what the strictest rule in force asks for; the built-in policy, which has no row, asks for two leads.
CREATE FUNCTION most_asked(of_environment bigint) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        (SELECT coalesce((SELECT max((rule ->> 'quorum')::integer) FROM jsonb_array_elements(p.rules) AS rule), 1)
         FROM policies p WHERE p.environment_id = of_environment ORDER BY p.version DESC LIMIT 1),
        2)
$$;

-- Who approved a proposal and is an enabled lead of its environment now.
CREATE FUNCTION approved_by(proposal bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT count(*)
    FROM policy_proposal_approvals v
    JOIN policy_proposals p ON p.id = v.proposal_id
    JOIN accounts a ON a.id = v.approver_id AND a.disabled_at IS NULL
    JOIN grants g ON g.account_id = a.id AND g.environment_id = p.environment_id AND g.capability = 'lead'
    WHERE v.proposal_id = proposal AND v.approver_id <> p.proposer_id
$$;

CREATE FUNCTION guard_proposal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'open' THEN
            RAISE EXCEPTION 'a proposal begins as one that waits'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'policy_proposals_begin_open';
        END IF;
        NEW.decided_in := NULL;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.environment_id, NEW.based_on, NEW.rules, NEW.reason, NEW.proposer_id, NEW.proposer_name,
        NEW.proposed_at, NEW.kind, NEW.subject, NEW.proposed)
       IS DISTINCT FROM
       (OLD.id, OLD.environment_id, OLD.based_on, OLD.rules, OLD.reason, OLD.proposer_id, OLD.proposer_name,
        OLD.proposed_at, OLD.kind, OLD.subject, OLD.proposed)
    THEN
        RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'policy_proposals_append_only';
    END IF;
    NEW.decided_in := CASE WHEN NEW.state = 'open' THEN NULL ELSE pg_current_xact_id() END;
    -- That its proposer decides is refused by a constraint of the table.
    IF NEW.state = 'approved' AND NEW.decider_id <> NEW.proposer_id
        AND approved_by(NEW.id) < most_asked(NEW.environment_id)
    THEN
        RAISE EXCEPTION 'proposal % has too few approvals', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'policy_proposals_by_enough';
    END IF;
    RETURN NEW;
END
$$;
-- After the one that refuses to alter what was decided: triggers go by their names.
CREATE TRIGGER policy_proposals_guarded BEFORE INSERT OR UPDATE ON policy_proposals
    FOR EACH ROW EXECUTE FUNCTION guard_proposal();

CREATE OR REPLACE FUNCTION refuse_own_proposal_approval() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM policy_proposals
    WHERE id = NEW.proposal_id AND state = 'open' AND proposer_id <> NEW.approver_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'proposal % does not wait for the approval of this person', NEW.proposal_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'policy_proposal_approvals_by_another';
    END IF;
    IF NOT EXISTS (SELECT FROM policy_proposals p
                   JOIN grants g ON g.environment_id = p.environment_id AND g.capability = 'lead'
                   JOIN accounts a ON a.id = g.account_id AND a.disabled_at IS NULL
                   WHERE p.id = NEW.proposal_id AND a.id = NEW.approver_id)
    THEN
        RAISE EXCEPTION 'the approver is no lead of the environment of proposal %', NEW.proposal_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'policy_proposal_approvals_by_leads';
    END IF;
    RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION refuse_policy_by_too_few() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF approved_by(NEW.proposal_id) < most_asked(NEW.environment_id) THEN
        RAISE EXCEPTION 'proposal % has too few approvals', NEW.proposal_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'policies_by_enough';
    END IF;
    IF NOT EXISTS (
        SELECT FROM policy_proposals p
        WHERE p.id = NEW.proposal_id AND p.kind = 'policy' AND p.state = 'approved'
          AND p.decided_in = pg_current_xact_id() AND p.environment_id = NEW.environment_id
          AND p.based_on + 1 = NEW.version AND p.rules = NEW.rules AND p.proposer_id = NEW.proposer_id
          AND EXISTS (SELECT FROM policy_proposal_approvals a
                      WHERE a.proposal_id = p.id AND a.approver_id = NEW.approver_id))
    THEN
        RAISE EXCEPTION 'policy % of environment % is not what was proposed', NEW.version, NEW.environment_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'policies_as_proposed';
    END IF;
    RETURN NEW;
END
$$;

-- How much each rule matters where nobody says otherwise: the database has to tell weaker from stricter. A test holds it
-- against the rules of the code; a migration that adds a rule, or has one matter otherwise, says so here.
CREATE TABLE rule_defaults (
    rule  text NOT NULL CONSTRAINT rule_defaults_pkey PRIMARY KEY,
    level text NOT NULL CONSTRAINT rule_defaults_level CHECK (level IN ('blocker', 'warning', 'advice'))
);
INSERT INTO rule_defaults (rule, level) VALUES
    ('role.too-few', 'blocker'), ('role.too-many', 'blocker'), ('role.settings', 'blocker'),
    ('node.duplicate-hostname', 'blocker'), ('node.duplicate-address', 'blocker'), ('node.idle', 'advice'),
    ('net.public-required', 'blocker'), ('net.public-exposed', 'warning'), ('sql.no-master', 'blocker'),
    ('sql.many-masters', 'blocker'), ('sql.master-not-ha', 'blocker'), ('sql.too-many-slaves', 'warning'),
    ('sql.master-weaker', 'warning'), ('sql.slow-disk', 'warning'), ('sql.unknown-disk', 'advice'),
    ('ddb.no-group', 'blocker'), ('ddb.unknown-group', 'blocker'), ('ddb.single-group', 'warning'),
    ('ddb.unequal-groups', 'warning'), ('ddb.group-too-small', 'warning'), ('ddb.group-too-large', 'warning'),
    ('ddb.empty-group', 'advice'), ('ddb.few-nodes', 'advice'), ('ddb.low-memory', 'warning'),
    ('es.few-nodes', 'advice'), ('storage.prefer-object', 'advice'), ('storage.large-posix', 'warning'),
    ('storage.not-shared', 'warning'), ('storage.bad-endpoint', 'blocker'), ('setup.large', 'advice'),
    ('node.unusable-address', 'blocker'), ('node.public-as-private', 'warning');

CREATE FUNCTION how_strict(level text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE level WHEN 'blocker' THEN 3 WHEN 'warning' THEN 2 WHEN 'advice' THEN 1 ELSE 0 END
$$;

CREATE FUNCTION refuse_weaker_rule() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    environment bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.environment_id ELSE NEW.environment_id END;
    about       text := CASE WHEN TG_OP = 'DELETE' THEN OLD.rule ELSE NEW.rule END;
    by_default  text := (SELECT d.level FROM rule_defaults d WHERE d.rule = about);
    was         text := (SELECT l.level FROM rule_levels l WHERE l.environment_id = environment AND l.rule = about);
    becomes     text;
BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.environment_id, OLD.rule) <> (NEW.environment_id, NEW.rule) THEN
        RAISE EXCEPTION 'the level of a rule does not become that of another'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'rule_levels_as_proposed';
    END IF;
    -- Of a rule that is not known here, nothing but a blocker is surely not weaker.
    was := coalesce(was, by_default, 'blocker');
    becomes := CASE WHEN TG_OP = 'DELETE' THEN coalesce(by_default, 'off') ELSE NEW.level END;
    IF how_strict(becomes) < how_strict(was) AND NOT EXISTS (
        SELECT FROM policy_proposals p
        WHERE p.environment_id = environment AND p.kind = 'rule-level' AND p.subject = about
          AND p.state = 'approved' AND p.decided_in = pg_current_xact_id() AND p.proposed ->> 'to' = becomes)
    THEN
        RAISE EXCEPTION 'that % matters less is proposed first', about
            USING ERRCODE = 'check_violation', CONSTRAINT = 'rule_levels_as_proposed';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER rule_levels_as_proposed BEFORE INSERT OR UPDATE OR DELETE ON rule_levels
    FOR EACH ROW EXECUTE FUNCTION refuse_weaker_rule();
CREATE TRIGGER rule_levels_no_truncate BEFORE TRUNCATE ON rule_levels
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

CREATE FUNCTION refuse_lost_window() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.removed_at IS NOT NULL THEN
        RAISE EXCEPTION 'schedule entry % is append-only: it was removed', OLD.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'schedule_entries_append_only';
    END IF;
    IF OLD.kind = 'window' AND (NEW.removed_at IS NOT NULL OR NEW.kind <> 'window') AND NOT EXISTS (
        SELECT FROM policy_proposals p
        WHERE p.environment_id = OLD.environment_id AND p.kind = 'window-removal' AND p.subject = OLD.id::text
          AND p.state = 'approved' AND p.decided_in = pg_current_xact_id()
          AND (p.proposed ->> 'version')::bigint = OLD.version AND NEW.kind = 'window')
    THEN
        RAISE EXCEPTION 'that window % goes is proposed first', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'schedule_entries_as_proposed';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER schedule_entries_as_proposed BEFORE UPDATE ON schedule_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_lost_window();

-- What guards others looks at the tables of this schema, whatever a session puts before them on its path.
DO $$
DECLARE
    guard text;
BEGIN
    FOREACH guard IN ARRAY ARRAY['most_asked(bigint)', 'approved_by(bigint)', 'guard_proposal()',
                                 'refuse_own_proposal_approval()', 'refuse_policy_by_too_few()', 'how_strict(text)',
                                 'refuse_weaker_rule()', 'refuse_lost_window()'] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', guard, current_schema());
    END LOOP;
END
$$;
