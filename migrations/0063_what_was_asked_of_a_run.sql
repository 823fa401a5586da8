-- Votes are counted in one place, by group (0062), and a revision waits for the end of its run alone (revisions_end_runs), which
-- does not come in the transaction that made it (runs_take_their_time).

CREATE OR REPLACE FUNCTION refuse_unapproved_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM broken_glass b WHERE b.change_id = NEW.change_id AND b.digest = NEW.digest) THEN
        RETURN NEW;
    END IF;
    IF approvals_by(NEW.change_id, NEW.digest, NEW.requested_at, 'leads') = 0 THEN
        RAISE EXCEPTION 'no lead but who shaped it approved this plan of change %', NEW.change_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'runs_approved_by_another';
    END IF;
    RETURN NEW;
END
$$;
DROP FUNCTION approvals_of(bigint, bytea, timestamptz);

DROP TRIGGER revisions_take_their_time ON revisions;
DROP FUNCTION refuse_revision_at_once();

-- What is asked for a plan depends on the size of the environment, too: a decision is about one base. Those of before do not say.
ALTER TABLE decisions ADD COLUMN base_revision bigint;

-- As in 0062, but for what was asked: since the change was last submitted (what sent it back was decided before that, though in
-- its round already), and for the base of the run.
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
                  AND coalesce(d.base_revision, NEW.base_revision) = NEW.base_revision
                  AND d.version >= coalesce(
                      (SELECT max(s.version) FROM change_submissions s WHERE s.change_id = NEW.change_id), 0)
                  AND (rule ->> 'quorum')::integer > approvals_by(
                      NEW.change_id, NEW.digest, NEW.requested_at, coalesce(rule ->> 'group', 'leads'))))
    THEN
        RAISE EXCEPTION 'run % begins with fewer votes than were asked for', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'runs_approved_by_enough';
    END IF;
    RETURN NULL;
END
$$;

-- The steps of a run come before its log is opened: what is asked when a run is whole can be asked before the end of a transaction.
CREATE OR REPLACE FUNCTION refuse_later_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added a JOIN runs r ON r.id = a.run_id
               WHERE r.made_in <> pg_current_xact_id() OR r.state <> 'queued' OR a.state <> 'pending' OR a.attempts <> 0
                  OR num_nonnulls(a.started_at, a.finished_at, a.outcome, a.lease_owner, a.lease_until) > 0
                  OR EXISTS (SELECT FROM run_log_counters l WHERE l.run_id = r.id))
    THEN
        RAISE EXCEPTION 'the steps of a run come with it'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'run_steps_come_with_it';
    END IF;
    RETURN NULL;
END
$$;

-- A line of a run's log has the number that was counted for it: none takes the place of what comes.
CREATE OR REPLACE FUNCTION refuse_line_between() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.sequence IS DISTINCT FROM (SELECT l.lines FROM run_log_counters l WHERE l.run_id = NEW.run_id)
        OR NOT EXISTS (SELECT FROM runs r JOIN run_steps s ON s.run_id = r.id
                       WHERE r.id = NEW.run_id AND r.state = 'running' AND s.step_id = NEW.step_id AND s.state = 'running')
    THEN
        RAISE EXCEPTION 'the log of run % is added to at its end, by a step under way', NEW.run_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'run_log_at_the_end';
    END IF;
    NEW.at := greatest(NEW.at, (SELECT r.started_at FROM runs r WHERE r.id = NEW.run_id),
                       (SELECT l.at FROM run_log l WHERE l.run_id = NEW.run_id ORDER BY l.sequence DESC LIMIT 1));
    RETURN NEW;
END
$$;

-- What was applied without approval is reviewed in an act of its own, after it was done.
CREATE OR REPLACE FUNCTION refuse_other_review() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.reviewed_at IS NOT NULL
        OR NEW.reviewed_at < NEW.at
        OR NEW.reviewed_by IS NOT NULL
           AND (NOT EXISTS (SELECT FROM accounts a JOIN grants g ON g.account_id = a.id
                            WHERE a.id = NEW.reviewed_by AND a.disabled_at IS NULL
                              AND g.environment_id = NEW.environment_id AND g.capability = 'lead')
                OR EXISTS (SELECT FROM runs r WHERE r.change_id = NEW.change_id AND r.made_in = pg_current_xact_id()))
    THEN
        RAISE EXCEPTION 'what was applied without approval (change %) is reviewed later, by a lead', NEW.change_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'broken_glass_reviewed_by_leads';
    END IF;
    RETURN NEW;
END
$$;
CREATE FUNCTION refuse_loose_review() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM audit_log a
                   WHERE a.environment_id = NEW.environment_id AND a.subject_kind = 'change'
                     AND a.subject = NEW.change_id::text AND a.action = 'glass-reviewed')
    THEN
        RAISE EXCEPTION 'no act reviews what was applied without approval of change %', NEW.change_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'broken_glass_reviewed_in_acts';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER broken_glass_reviewed_in_acts AFTER UPDATE ON broken_glass DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.reviewed_at IS NULL AND NEW.reviewed_at IS NOT NULL) EXECUTE FUNCTION refuse_loose_review();

-- A change ends as it was run, or as it was when it was given up.
CREATE FUNCTION refuse_end_elsewhere() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'change % ends with the edits and the base that it had', NEW.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'changes_end_as_they_were';
END
$$;
CREATE TRIGGER changes_end_as_they_were BEFORE UPDATE ON changes FOR EACH ROW
    WHEN ((OLD.state = 'provisioning' OR NEW.state IN ('withdrawn', 'rejected'))
          AND (NEW.base_revision, NEW.log_start, NEW.catalogue_version, NEW.round)
              IS DISTINCT FROM (OLD.base_revision, OLD.log_start, OLD.catalogue_version, OLD.round))
    EXECUTE FUNCTION refuse_end_elsewhere();

-- Versions follow each other: no number is left out, and none is used up.
CREATE FUNCTION refuse_later_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    newest integer;
BEGIN
    EXECUTE format('SELECT greatest(1, max(version)) FROM %I WHERE environment_id = $1', TG_TABLE_NAME)
        INTO newest USING NEW.environment_id;
    IF NEW.version > newest + 1 THEN
        RAISE EXCEPTION 'version % does not follow %', NEW.version, newest
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_versions_follow';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER catalogues_versions_follow BEFORE INSERT ON catalogues FOR EACH ROW EXECUTE FUNCTION refuse_later_version();
CREATE TRIGGER policies_versions_follow BEFORE INSERT ON policies FOR EACH ROW EXECUTE FUNCTION refuse_later_version();

-- The outermost shape of what is read.
ALTER TABLE votes ADD CONSTRAINT votes_groups_are_named CHECK (array_position(groups, NULL) IS NULL);
ALTER TABLE decided_plans ADD CONSTRAINT decided_plans_have_steps CHECK (
    coalesce(jsonb_typeof(plan -> 'steps'), '') = 'array');
ALTER TABLE runs ADD CONSTRAINT runs_voters_are_people CHECK (
    jsonb_typeof(voters) = 'object' AND NOT voters @? '$.* ? (@.type() != "object")');
ALTER TABLE runs ADD CONSTRAINT runs_desired_is_a_topology CHECK (
    coalesce(jsonb_typeof(desired -> 'nodes'), '') = 'array');
ALTER TABLE changes ADD CONSTRAINT changes_planned_is_planned CHECK (jsonb_typeof(planned) = 'object');

DO $$
DECLARE
    guard text;
BEGIN
    FOREACH guard IN ARRAY ARRAY['refuse_unapproved_run()', 'refuse_half_begun_run()', 'refuse_later_steps()', 'refuse_line_between()',
                                 'refuse_other_review()', 'refuse_loose_review()', 'refuse_end_elsewhere()',
                                 'refuse_later_version()'] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', guard, current_schema());
    END LOOP;
END
$$;
