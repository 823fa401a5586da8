-- A run begins whole, by an act that is told: with its steps, of a change that is provisioning, on a plan that was kept as
-- decided, with its row in the audit log, and with as many votes as the
-- rule asks for that asked for most in its round. Asked at the end of the
-- transaction, when all of it is there.
CREATE FUNCTION approvals_of(of_change bigint, of_digest bytea, at_time timestamptz) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT count(DISTINCT v.voter_id)
    FROM votes v JOIN changes c ON c.id = v.change_id
    WHERE v.change_id = of_change AND v.round = c.round AND v.digest = of_digest AND v.verdict = 'approve'
      AND v.at + make_interval(hours => 2 * v.approval_hours) > at_time
      AND NOT EXISTS (SELECT FROM vote_take_backs t WHERE t.vote_id = v.id)
      AND v.voter_id NOT IN (SELECT account FROM shaped(of_change) AS account)
      AND EXISTS (SELECT FROM accounts a JOIN grants g ON g.account_id = a.id
                  WHERE a.id = v.voter_id AND a.disabled_at IS NULL
                    AND g.environment_id = c.environment_id AND g.capability = 'lead')
$$;

CREATE OR REPLACE FUNCTION refuse_unapproved_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM broken_glass b WHERE b.change_id = NEW.change_id AND b.digest = NEW.digest) THEN
        RETURN NEW;
    END IF;
    IF approvals_of(NEW.change_id, NEW.digest, NEW.requested_at) = 0 THEN
        RAISE EXCEPTION 'no lead but who shaped it approved this plan of change %', NEW.change_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'runs_approved_by_another';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION refuse_half_begun_run() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_glass_broken boolean := EXISTS (
        SELECT FROM broken_glass b WHERE b.change_id = NEW.change_id AND b.digest = NEW.digest);
BEGIN
    IF NOT EXISTS (
            SELECT FROM decisions d JOIN changes c ON c.id = d.change_id AND c.version = d.version
            WHERE c.id = NEW.change_id AND c.state = 'provisioning' AND d.digest = NEW.digest)
        OR (SELECT jsonb_agg(s.plan_step ORDER BY s.position) FROM run_steps s WHERE s.run_id = NEW.id)
           IS DISTINCT FROM
           (SELECT p.plan -> 'steps' FROM decided_plans p
            WHERE p.change_id = NEW.change_id AND p.digest = NEW.digest AND p.plan_encoding = NEW.plan_encoding)
        OR NOT EXISTS (
            SELECT FROM audit_log a
            WHERE a.environment_id = NEW.environment_id
              AND (is_glass_broken AND a.action = 'glass-broken' AND a.subject_kind = 'change'
                       AND a.subject = NEW.change_id::text
                   OR a.action = 'run-started' AND a.subject_kind = 'run' AND a.subject = NEW.id::text))
    THEN
        RAISE EXCEPTION 'run % begins without all that belongs to it', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'runs_begin_whole';
    END IF;
    IF NOT is_glass_broken
        AND approvals_of(NEW.change_id, NEW.digest, NEW.requested_at)
            < (SELECT coalesce(max((rule ->> 'quorum')::integer), 1)
               FROM decisions d CROSS JOIN LATERAL jsonb_array_elements(d.asked) AS rule
               WHERE d.change_id = NEW.change_id AND d.digest = NEW.digest
                 AND d.round = (SELECT round FROM changes WHERE id = NEW.change_id))
    THEN
        RAISE EXCEPTION 'run % begins with fewer votes than were asked for', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'runs_approved_by_enough';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER runs_begin_whole AFTER INSERT ON runs DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse_half_begun_run();

-- A run is of a change of its environment, and ends in no transaction that made it: a worker comes in between, which compares.
ALTER TABLE changes ADD CONSTRAINT changes_of_environment UNIQUE (id, environment_id);
ALTER TABLE runs ADD CONSTRAINT runs_of_environment
    FOREIGN KEY (change_id, environment_id) REFERENCES changes (id, environment_id);

CREATE FUNCTION refuse_end_at_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'run % ends in the transaction that made it', NEW.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'runs_take_their_time';
END
$$;
CREATE TRIGGER runs_take_their_time BEFORE UPDATE ON runs FOR EACH ROW
    WHEN (NEW.state IN ('succeeded', 'failed') AND OLD.made_in = pg_current_xact_id())
    EXECUTE FUNCTION refuse_end_at_once();

CREATE FUNCTION refuse_revision_at_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM runs r WHERE r.id = NEW.run_id AND r.made_in = pg_current_xact_id()) THEN
        RAISE EXCEPTION 'revision % comes in the transaction that made its run', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'revisions_take_their_time';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER revisions_take_their_time BEFORE INSERT ON revisions FOR EACH ROW EXECUTE FUNCTION refuse_revision_at_once();

-- What only our words can be read from is one of them.
ALTER TABLE changes ADD CONSTRAINT changes_touched_action FOREIGN KEY (touched_action) REFERENCES audited_actions (action);

-- A time that no calendar of ours has makes a row that nobody can read any more, and evidence has no other way to be rid of it.
DO $$
DECLARE
    held record;
BEGIN
    FOR held IN
        SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.atttypid = 'timestamptz'::regtype
          AND c.relname <> '_sqlx_migrations'
          -- These say “before anything”, and are compared, never read.
          AND (c.relname, a.attname) NOT IN (('paces', 'due'), ('rule_level_history', 'at'))
    LOOP
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I CHECK (%I >= ''2000-01-01Z'' AND %I < ''3000-01-01Z'')',
                       held.relname, held.relname || '_' || held.attname || '_in_calendar', held.attname, held.attname);
    END LOOP;
END
$$;

-- When something happened is when it is written down, by the application, up to a clock that was set back. The owner may
-- bring in what happened elsewhere.
CREATE FUNCTION refuse_other_time() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    at_time timestamptz := (to_jsonb(NEW) ->> TG_ARGV[0])::timestamptz;
BEGIN
    IF at_time NOT BETWEEN now() - interval '1 day' AND now() + interval '1 day'
        AND NOT pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'MEMBER')
    THEN
        RAISE EXCEPTION 'what happens now is not of %', at_time
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_of_now';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER audit_log_of_now BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION refuse_other_time('at');
CREATE TRIGGER votes_of_now BEFORE INSERT ON votes FOR EACH ROW EXECUTE FUNCTION refuse_other_time('at');
CREATE TRIGGER change_comments_of_now BEFORE INSERT ON change_comments FOR EACH ROW EXECUTE FUNCTION refuse_other_time('at');
CREATE TRIGGER change_edits_of_now BEFORE INSERT ON change_edits FOR EACH ROW EXECUTE FUNCTION refuse_other_time('at');
CREATE TRIGGER change_rebases_of_now BEFORE INSERT ON change_rebases FOR EACH ROW EXECUTE FUNCTION refuse_other_time('at');
CREATE TRIGGER change_submissions_of_now BEFORE INSERT ON change_submissions
    FOR EACH ROW EXECUTE FUNCTION refuse_other_time('at');
CREATE TRIGGER vote_take_backs_of_now BEFORE INSERT ON vote_take_backs FOR EACH ROW EXECUTE FUNCTION refuse_other_time('at');
CREATE TRIGGER broken_glass_of_now BEFORE INSERT ON broken_glass FOR EACH ROW EXECUTE FUNCTION refuse_other_time('at');
CREATE TRIGGER changes_of_now BEFORE UPDATE ON changes FOR EACH ROW
    WHEN (NEW.touched_at <> OLD.touched_at) EXECUTE FUNCTION refuse_other_time('touched_at');
CREATE TRIGGER runs_of_now BEFORE INSERT ON runs FOR EACH ROW EXECUTE FUNCTION refuse_other_time('requested_at');
CREATE TRIGGER revisions_of_now BEFORE INSERT ON revisions FOR EACH ROW EXECUTE FUNCTION refuse_other_time('made_at');

DO $$
DECLARE
    guard text;
BEGIN
    FOREACH guard IN ARRAY ARRAY['approvals_of(bigint, bytea, timestamptz)', 'refuse_unapproved_run()',
                                 'refuse_half_begun_run()', 'refuse_other_time()', 'refuse_end_at_once()', 'refuse_revision_at_once()',
                                 'refuse_decision_of_another_version()'] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', guard, current_schema());
    END LOOP;
END
$$;
