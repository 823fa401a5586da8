-- What an attacker got past at the application's own connections, with one rightful vote: an older policy or a longer life than
-- is in force, groups that were asked and not heard, glass that was broken and reviewed at once, a revision of a run that failed.

-- Votes on the plan that count at that time, of the members of a group.
CREATE FUNCTION approvals_by(of_change bigint, of_digest bytea, at_time timestamptz, of_group text) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT count(DISTINCT v.voter_id)
    FROM votes v JOIN changes c ON c.id = v.change_id
    WHERE v.change_id = of_change AND v.round = c.round AND v.digest = of_digest AND v.verdict = 'approve'
      AND v.at + make_interval(hours => 2 * v.approval_hours) > at_time
      AND NOT EXISTS (SELECT FROM vote_take_backs t WHERE t.vote_id = v.id)
      AND v.voter_id NOT IN (SELECT account FROM shaped(of_change) AS account)
      AND EXISTS (SELECT FROM accounts a JOIN grants g ON g.account_id = a.id
                  WHERE a.id = v.voter_id AND a.disabled_at IS NULL
                    AND g.environment_id = c.environment_id AND g.capability = 'lead')
      AND (of_group = 'leads'
           OR EXISTS (SELECT FROM group_members m
                      WHERE m.environment_id = c.environment_id AND m.account_id = v.voter_id AND m.group_name = of_group))
$$;

CREATE OR REPLACE FUNCTION refuse_half_begun_run() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_glass_broken boolean := EXISTS (
        SELECT FROM broken_glass b WHERE b.change_id = NEW.change_id AND b.digest = NEW.digest);
BEGIN
    IF NOT EXISTS (
            SELECT FROM decisions d JOIN changes c ON c.id = d.change_id AND c.version = d.version
            WHERE c.id = NEW.change_id AND c.state = 'provisioning' AND d.digest = NEW.digest
              AND c.catalogue_version = NEW.catalogue_version)
        OR NOT EXISTS (
            SELECT FROM decided_plans p
            WHERE p.change_id = NEW.change_id AND p.digest = NEW.digest AND p.plan_encoding = NEW.plan_encoding
              AND p.catalogue_version = NEW.catalogue_version
              AND p.plan -> 'steps' IS NOT DISTINCT FROM (
                  SELECT jsonb_agg(s.plan_step ORDER BY s.position) FROM run_steps s WHERE s.run_id = NEW.id))
        OR NOT EXISTS (SELECT FROM run_log_counters l WHERE l.run_id = NEW.id)
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
    -- Whoever applies holds the lock on the environment: what is in force now was so then.
    IF NOT EXISTS (
        SELECT FROM environments e
        WHERE e.id = NEW.environment_id AND NEW.base_revision = e.live_revision
          AND NEW.policy_version = greatest(1, (SELECT max(p.version) FROM policies p WHERE p.environment_id = e.id))
          AND NEW.rule_level_id = coalesce(
              (SELECT max(h.id) FROM rule_level_history h WHERE h.environment_id = e.id), 0)
          AND NEW.approval_hours <= e.approval_hours
          AND NEW.approval_hours <= ALL (
              SELECT l.hours FROM approval_lifetimes l
              WHERE l.environment_id = e.id
                AND l.id > (SELECT s.lifetime_id FROM change_submissions s
                            WHERE s.change_id = NEW.change_id ORDER BY s.version DESC LIMIT 1)))
    THEN
        RAISE EXCEPTION 'run % begins under what is not in force', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'runs_under_what_is_in_force';
    END IF;
    IF NOT is_glass_broken
        AND (approvals_by(NEW.change_id, NEW.digest, NEW.requested_at, 'leads') = 0
             OR EXISTS (
                SELECT FROM decisions d CROSS JOIN LATERAL jsonb_array_elements(d.asked) AS rule
                WHERE d.change_id = NEW.change_id AND d.digest = NEW.digest
                  AND (d.round = (SELECT round FROM changes WHERE id = NEW.change_id)
                       OR d.version >= (SELECT max(s.version) FROM change_submissions s WHERE s.change_id = NEW.change_id))
                  AND (rule ->> 'quorum')::integer > approvals_by(
                      NEW.change_id, NEW.digest, NEW.requested_at, coalesce(rule ->> 'group', 'leads'))))
    THEN
        RAISE EXCEPTION 'run % begins with fewer votes than were asked for', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'runs_approved_by_enough';
    END IF;
    RETURN NULL;
END
$$;

-- What waits, waits since now on: nothing of a run or a step has happened when it is made.
CREATE OR REPLACE FUNCTION begin_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'queued' OR num_nonnulls(NEW.started_at, NEW.finished_at, NEW.revision) > 0 THEN
        RAISE EXCEPTION 'a run begins as one that waits for a worker'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'runs_begin_queued';
    END IF;
    NEW.made_in := pg_current_xact_id();
    RETURN NEW;
END
$$;
CREATE OR REPLACE FUNCTION refuse_later_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added a JOIN runs r ON r.id = a.run_id
               WHERE r.made_in <> pg_current_xact_id() OR r.state <> 'queued' OR a.state <> 'pending' OR a.attempts <> 0
                  OR num_nonnulls(a.started_at, a.finished_at, a.outcome, a.lease_owner, a.lease_until) > 0)
    THEN
        RAISE EXCEPTION 'the steps of a run come with it'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'run_steps_come_with_it';
    END IF;
    RETURN NULL;
END
$$;
-- Whether one of a run's steps is under way or failed is asked with every claim, of runs of many thousand steps.
CREATE INDEX run_steps_states ON run_steps (run_id, state);

-- A lease is renewed by who holds it, and lasts no longer than a worker that died is waited for.
CREATE FUNCTION refuse_long_lease() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'step % of run % is held for longer than a day', NEW.step_id, NEW.run_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'run_steps_held_for_a_while';
END
$$;
CREATE TRIGGER run_steps_held_for_a_while BEFORE UPDATE ON run_steps FOR EACH ROW
    WHEN (NEW.lease_until > now() + interval '1 day') EXECUTE FUNCTION refuse_long_lease();
CREATE FUNCTION refuse_other_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log of run % is counted line by line', NEW.run_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'run_log_counters_count';
END
$$;
CREATE TRIGGER run_log_counters_count BEFORE UPDATE ON run_log_counters FOR EACH ROW
    WHEN (NEW.run_id <> OLD.run_id OR NEW.lines <> OLD.lines + 1) EXECUTE FUNCTION refuse_other_count();

-- A run ends with its change, in an act that is told.
CREATE FUNCTION refuse_loose_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM changes c
                   WHERE c.id = NEW.change_id
                     AND c.state = CASE NEW.state WHEN 'succeeded' THEN 'applied' ELSE 'failed' END)
        OR NOT EXISTS (SELECT FROM audit_log a
                       WHERE a.environment_id = NEW.environment_id AND a.subject_kind = 'run' AND a.subject = NEW.id::text
                         AND a.action = CASE NEW.state WHEN 'succeeded' THEN 'run-succeeded' ELSE 'run-failed' END)
    THEN
        RAISE EXCEPTION 'run % ends without all that belongs to its end', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'runs_end_whole';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER runs_end_whole AFTER UPDATE ON runs DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.state IN ('queued', 'running') AND NEW.state IN ('succeeded', 'failed'))
    EXECUTE FUNCTION refuse_loose_end();

-- A run that made a revision ended well, and its revision is live; asked at the end of the transaction that makes it.
CREATE FUNCTION refuse_loose_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM environments e WHERE e.id = NEW.environment_id AND e.live_revision >= NEW.number)
        OR NEW.run_id IS NOT NULL
           AND NOT EXISTS (SELECT FROM runs r WHERE r.id = NEW.run_id AND r.state = 'succeeded' AND r.revision = NEW.number)
    THEN
        RAISE EXCEPTION 'revision % of environment % is not the end of its run', NEW.number, NEW.environment_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'revisions_end_runs';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER revisions_end_runs AFTER INSERT ON revisions DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse_loose_revision();

-- A change moves one version at a time, and a decision is of the version that it made.
CREATE FUNCTION refuse_leap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'change % moves from version % to the next', NEW.id, OLD.version
        USING ERRCODE = 'check_violation', CONSTRAINT = 'changes_versions_follow';
END
$$;
CREATE TRIGGER changes_versions_follow BEFORE UPDATE ON changes FOR EACH ROW
    WHEN (NEW.version NOT IN (OLD.version, OLD.version + 1)) EXECUTE FUNCTION refuse_leap();
CREATE FUNCTION refuse_loose_decision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM changes c WHERE c.id = NEW.change_id AND c.version >= NEW.version) THEN
        RAISE EXCEPTION 'nothing was done to change % that this decides', NEW.change_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'decisions_come_with_acts';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER decisions_come_with_acts AFTER INSERT ON decisions DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse_loose_decision();

-- Glass is broken first, in the environment of the change, and reviewed later, by a lead of it.
ALTER TABLE broken_glass ADD CONSTRAINT broken_glass_of_environment
    FOREIGN KEY (change_id, environment_id) REFERENCES changes (id, environment_id);
CREATE FUNCTION refuse_other_review() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.reviewed_at IS NOT NULL
        OR NEW.reviewed_by IS NOT NULL
           AND NOT EXISTS (SELECT FROM accounts a JOIN grants g ON g.account_id = a.id
                           WHERE a.id = NEW.reviewed_by AND a.disabled_at IS NULL
                             AND g.environment_id = NEW.environment_id AND g.capability = 'lead')
    THEN
        RAISE EXCEPTION 'what was applied without approval (change %) is reviewed later, by a lead', NEW.change_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'broken_glass_reviewed_by_leads';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER broken_glass_reviewed_by_leads BEFORE INSERT OR UPDATE ON broken_glass
    FOR EACH ROW EXECUTE FUNCTION refuse_other_review();

-- It comes with the run that it is broken for, in an act that is told.
CREATE FUNCTION refuse_loose_glass() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM runs r WHERE r.change_id = NEW.change_id AND r.digest = NEW.digest)
        OR NOT EXISTS (SELECT FROM audit_log a
                       WHERE a.environment_id = NEW.environment_id AND a.subject_kind = 'change'
                         AND a.subject = NEW.change_id::text AND a.action = 'glass-broken')
    THEN
        RAISE EXCEPTION 'nothing was applied without approval of change %', NEW.change_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'broken_glass_with_runs';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER broken_glass_with_runs AFTER INSERT ON broken_glass DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse_loose_glass();

CREATE TRIGGER environments_created_at_of_now BEFORE INSERT ON environments
    FOR EACH ROW EXECUTE FUNCTION refuse_other_time('created_at');
CREATE TRIGGER accounts_created_at_of_now BEFORE INSERT ON accounts
    FOR EACH ROW EXECUTE FUNCTION refuse_other_time('created_at');

DO $$
DECLARE
    guard text;
BEGIN
    FOREACH guard IN ARRAY ARRAY['approvals_by(bigint, bytea, timestamptz, text)', 'refuse_half_begun_run()', 'begin_run()',
                                 'refuse_later_steps()', 'refuse_long_lease()', 'refuse_other_count()',
                                 'refuse_loose_revision()', 'refuse_leap()', 'refuse_loose_decision()',
                                 'refuse_other_review()', 'refuse_loose_end()', 'refuse_loose_glass()'] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', guard, current_schema());
    END LOOP;
END
$$;
