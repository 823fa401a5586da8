-- What an attacker got past at the application's own connections: a run that looked as though it was under way in the transaction
-- that made it, and a submission that made what was asked before it forgotten.

-- A worker takes a run up after it was made; it holds a step before it carries it out, and what that depends on came first.
CREATE FUNCTION refuse_other_step() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    run record;
BEGIN
    SELECT state, made_in INTO run FROM runs WHERE id = NEW.run_id;
    IF run.made_in = pg_current_xact_id()
        OR NEW.state <> OLD.state
           AND (OLD.state, NEW.state) NOT IN (('pending', 'running'), ('running', 'pending'), ('running', 'succeeded'),
                                              ('running', 'failed'), ('running', 'waiting'), ('waiting', 'succeeded'),
                                              ('pending', 'skipped'), ('waiting', 'skipped'))
        OR NEW.state = 'running' AND run.state <> 'running'
        OR NEW.attempts <> OLD.attempts AND (NEW.state <> 'running' OR NEW.attempts <> OLD.attempts + 1)
        OR OLD.state = 'pending' AND NEW.state = 'running'
           AND (NEW.attempts = OLD.attempts OR EXISTS (SELECT FROM run_steps d
                       WHERE d.run_id = NEW.run_id AND d.step_id = ANY (NEW.depends_on) AND d.state <> 'succeeded'))
    THEN
        RAISE EXCEPTION 'step % of run % does not become % from % now', NEW.step_id, NEW.run_id, NEW.state, OLD.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'run_steps_go_on';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER run_steps_go_on BEFORE UPDATE ON run_steps FOR EACH ROW EXECUTE FUNCTION refuse_other_step();

DROP TRIGGER runs_take_their_time ON runs;
CREATE OR REPLACE FUNCTION refuse_end_at_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'run % goes on in the transaction that made it', NEW.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'runs_take_their_time';
END
$$;
CREATE TRIGGER runs_take_their_time BEFORE UPDATE ON runs FOR EACH ROW
    WHEN (OLD.made_in = pg_current_xact_id()) EXECUTE FUNCTION refuse_end_at_once();

-- A round ends when a change goes back to its authors, and only then; it is submitted when it leaves them, and only then.
CREATE FUNCTION refuse_other_round() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.round <> OLD.round + (NEW.state = 'draft' AND OLD.state <> 'draft')::integer
        OR (NEW.submitted_at, NEW.submitted_by, NEW.submitted_by_name)
           IS DISTINCT FROM (OLD.submitted_at, OLD.submitted_by, OLD.submitted_by_name)
           AND NOT (OLD.state = 'draft' AND NEW.state IN ('in-review', 'approved'))
    THEN
        RAISE EXCEPTION 'change % is neither sent back nor submitted', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'changes_rounds_go_on';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER changes_rounds_go_on BEFORE UPDATE ON changes FOR EACH ROW
    WHEN (NEW.round <> OLD.round
          OR (NEW.submitted_at, NEW.submitted_by, NEW.submitted_by_name)
             IS DISTINCT FROM (OLD.submitted_at, OLD.submitted_by, OLD.submitted_by_name)
          OR NEW.state = 'draft' AND OLD.state <> 'draft')
    EXECUTE FUNCTION refuse_other_round();

-- A round has one submission: of the change as it is, under a policy, levels and a lifetime that there are. Older ones than those
-- in force ask for no less, since all that came after them is asked, too.
CREATE FUNCTION refuse_other_submission() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
            SELECT FROM changes c JOIN environments e ON e.id = c.environment_id
            WHERE c.id = NEW.change_id AND c.state IN ('in-review', 'approved') AND c.version = NEW.version
              AND c.submitted_by IS NOT DISTINCT FROM NEW.submitter_id
              AND c.round > (SELECT count(*) FROM change_submissions s WHERE s.change_id = c.id)
              AND NEW.policy_version BETWEEN 1 AND greatest(
                  1, (SELECT max(p.version) FROM policies p WHERE p.environment_id = e.id))
              AND NEW.rule_level_id <= coalesce(
                  (SELECT max(h.id) FROM rule_level_history h WHERE h.environment_id = e.id), 0)
              AND NEW.lifetime_id <= coalesce(
                  (SELECT max(l.id) FROM approval_lifetimes l WHERE l.environment_id = e.id), 0))
    THEN
        RAISE EXCEPTION 'change % is not submitted so', NEW.change_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'change_submissions_of_changes';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER change_submissions_of_changes BEFORE INSERT ON change_submissions
    FOR EACH ROW EXECUTE FUNCTION refuse_other_submission();

DO $$
DECLARE
    guard text;
BEGIN
    FOREACH guard IN ARRAY ARRAY['refuse_other_step()', 'refuse_end_at_once()', 'refuse_other_round()',
                                 'refuse_other_submission()'] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', guard, current_schema());
    END LOOP;
END
$$;
