-- What a run is made of comes with it, in one transaction, and nothing after: no step that nobody approved is put beside
-- those of a run that is under way. What becomes live is what a run led to, or the first import; no older revision is made
-- live again but by a run.

-- The encoding of the digest: a later version of Strata reads what was approved as it was then. The transaction that made
-- the run: its steps come from there.
ALTER TABLE runs
    ADD COLUMN plan_encoding text NOT NULL DEFAULT 'strata-plan-2',
    ADD COLUMN made_in xid8 NOT NULL DEFAULT pg_current_xact_id();

CREATE FUNCTION begin_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'queued' THEN
        RAISE EXCEPTION 'a run begins as one that waits for a worker'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'runs_begin_queued';
    END IF;
    NEW.made_in := pg_current_xact_id();
    RETURN NEW;
END
$$;
CREATE TRIGGER runs_begin_queued BEFORE INSERT ON runs FOR EACH ROW EXECUTE FUNCTION begin_run();

DROP TRIGGER runs_append_only ON runs;
CREATE TRIGGER runs_append_only BEFORE UPDATE ON runs FOR EACH ROW
    WHEN (OLD.state IN ('succeeded', 'failed')
          OR (NEW.id, NEW.environment_id, NEW.change_id, NEW.executor, NEW.digest, NEW.catalogue_version, NEW.base_revision,
              NEW.desired, NEW.requested_by, NEW.requested_by_name, NEW.requested_at, NEW.policy_version, NEW.approval_hours,
              NEW.voters, NEW.rule_level_id, NEW.plan_encoding, NEW.made_in)
             IS DISTINCT FROM
             (OLD.id, OLD.environment_id, OLD.change_id, OLD.executor, OLD.digest, OLD.catalogue_version, OLD.base_revision,
              OLD.desired, OLD.requested_by, OLD.requested_by_name, OLD.requested_at, OLD.policy_version, OLD.approval_hours,
              OLD.voters, OLD.rule_level_id, OLD.plan_encoding, OLD.made_in))
    EXECUTE FUNCTION refuse_rewrite();

-- Whether its steps have the digest that was approved is asked by whoever begins with a run, and when it ends.
CREATE FUNCTION refuse_later_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added a JOIN runs r ON r.id = a.run_id
               WHERE r.made_in <> pg_current_xact_id() OR r.state <> 'queued' OR a.state <> 'pending')
    THEN
        RAISE EXCEPTION 'the steps of a run come with it'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'run_steps_come_with_it';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER run_steps_come_with_it AFTER INSERT ON run_steps
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION refuse_later_steps();

-- A run goes on and never back; it ends well with every step, and with the revision that it made.
CREATE FUNCTION refuse_other_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.state, NEW.state) NOT IN (('queued', 'running'), ('queued', 'failed'), ('running', 'failed'),
                                      ('running', 'succeeded'))
        OR NEW.state = 'succeeded'
           AND (EXISTS (SELECT FROM run_steps s WHERE s.run_id = NEW.id AND s.state <> 'succeeded')
                OR NOT EXISTS (SELECT FROM revisions v WHERE v.run_id = NEW.id AND v.environment_id = NEW.environment_id
                                                         AND v.number = NEW.revision))
    THEN
        RAISE EXCEPTION 'run % does not become % now', NEW.id, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'runs_go_on';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER runs_go_on BEFORE UPDATE ON runs FOR EACH ROW
    WHEN (OLD.state IN ('queued', 'running') AND NEW.state <> OLD.state) EXECUTE FUNCTION refuse_other_end();

CREATE FUNCTION refuse_unapproved_revision() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    live bigint;
BEGIN
    SELECT live_revision INTO live FROM environments WHERE id = NEW.environment_id FOR NO KEY UPDATE;
    IF NEW.run_id IS NULL AND NEW.change_id IS NULL AND NEW.number = 1 AND live IS NULL THEN
        -- The first import; that there is no other of that number is held by a constraint.
        RETURN NEW;
    END IF;
    IF NOT EXISTS (
        SELECT FROM runs r JOIN changes c ON c.id = r.change_id
        WHERE r.id = NEW.run_id AND r.change_id = NEW.change_id AND r.environment_id = NEW.environment_id
          AND r.state = 'running' AND c.state = 'provisioning'
          AND r.base_revision = live AND NEW.number = live + 1
          AND r.catalogue_version = NEW.catalogue_version AND r.desired = NEW.topology
          AND EXISTS (SELECT FROM run_steps s WHERE s.run_id = r.id)
          AND NOT EXISTS (SELECT FROM run_steps s WHERE s.run_id = r.id AND s.state <> 'succeeded'))
    THEN
        RAISE EXCEPTION 'revision % of environment % is nothing that a run led to', NEW.number, NEW.environment_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'revisions_by_runs';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER revisions_by_runs BEFORE INSERT ON revisions
    FOR EACH ROW EXECUTE FUNCTION refuse_unapproved_revision();

-- The next one, which is there as a run or the first import made it.
CREATE FUNCTION refuse_other_live() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.live_revision IS DISTINCT FROM coalesce(OLD.live_revision, 0) + 1 THEN
        RAISE EXCEPTION 'what is live moves to the next revision, and nowhere else'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'environments_live_goes_on';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER environments_live_goes_on BEFORE UPDATE ON environments FOR EACH ROW
    WHEN (NEW.live_revision IS DISTINCT FROM OLD.live_revision) EXECUTE FUNCTION refuse_other_live();

-- What guards others looks at the tables of this schema, whatever a session puts before them on its path.
DO $$
DECLARE
    guard text;
BEGIN
    FOREACH guard IN ARRAY ARRAY['begin_run()', 'refuse_later_steps()', 'refuse_other_end()', 'refuse_unapproved_revision()',
                                 'refuse_other_live()'] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', guard, current_schema());
    END LOOP;
END
$$;
