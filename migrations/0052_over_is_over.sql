-- What is over is told as it was: a change that ended, the log of a run that ended, a vote on either. Nothing is put in
-- between what was there, or in the name of somebody who had no say.

-- A change moves as `strata_domain::change` says, and stays what it ended as. Where a run decides, the run is asked.
CREATE FUNCTION refuse_retold_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('applied', 'rejected', 'withdrawn', 'failed')
        OR (NEW.id, NEW.environment_id, NEW.created_by, NEW.created_by_name, NEW.created_at, NEW.copied_from)
           IS DISTINCT FROM
           (OLD.id, OLD.environment_id, OLD.created_by, OLD.created_by_name, OLD.created_at, OLD.copied_from)
        OR NEW.version < OLD.version OR NEW.round < OLD.round OR NEW.log_start < OLD.log_start
    THEN
        RAISE EXCEPTION 'changes is append-only: change % was %', OLD.id, OLD.state
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'changes_append_only';
    END IF;
    IF NEW.state <> OLD.state
        AND (CASE OLD.state
                 WHEN 'draft' THEN NEW.state NOT IN ('in-review', 'approved', 'withdrawn')
                 WHEN 'provisioning' THEN NEW.state NOT IN ('applied', 'failed')
                 ELSE NEW.state NOT IN ('draft', 'in-review', 'approved', 'provisioning', 'rejected', 'withdrawn')
             END
             OR NEW.state IN ('provisioning', 'applied', 'failed')
                AND NOT EXISTS (
                    SELECT FROM runs r
                    WHERE r.change_id = NEW.id
                      AND r.state = ANY (CASE NEW.state WHEN 'applied' THEN ARRAY['succeeded']
                                                        WHEN 'failed' THEN ARRAY['failed']
                                                        ELSE ARRAY['queued', 'running'] END)))
    THEN
        RAISE EXCEPTION 'change % does not become % from %', OLD.id, NEW.state, OLD.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'changes_go_on';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER changes_append_only BEFORE UPDATE ON changes FOR EACH ROW EXECUTE FUNCTION refuse_retold_change();
CREATE TRIGGER changes_kept BEFORE DELETE ON changes FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER changes_no_truncate BEFORE TRUNCATE ON changes FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

-- What belongs to a change comes while it is open. The lock makes whatever ends it wait for this, and this for that.
CREATE FUNCTION refuse_of_ended_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM changes WHERE id IN (SELECT change_id FROM added) ORDER BY id FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM added a JOIN changes c ON c.id = a.change_id
               WHERE c.state NOT IN ('draft', 'in-review', 'approved'))
    THEN
        RAISE EXCEPTION '% is added to open changes alone', TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_while_open';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER change_edits_while_open AFTER INSERT ON change_edits
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION refuse_of_ended_change();
CREATE TRIGGER change_rebases_while_open AFTER INSERT ON change_rebases
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION refuse_of_ended_change();
CREATE TRIGGER change_submissions_while_open AFTER INSERT ON change_submissions
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION refuse_of_ended_change();
CREATE TRIGGER broken_glass_while_open AFTER INSERT ON broken_glass
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION refuse_of_ended_change();

-- Edits come behind all that are there.
CREATE FUNCTION refuse_edit_between() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT change_id, min(sequence) AS first, count(*) AS number FROM added GROUP BY change_id) a
        WHERE (SELECT count(*) FROM change_edits e WHERE e.change_id = a.change_id AND e.sequence >= a.first) <> a.number)
    THEN
        RAISE EXCEPTION 'the log of a change is added to at its end'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'change_edits_at_the_end';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER change_edits_at_the_end AFTER INSERT ON change_edits
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION refuse_edit_between();

-- A vote is of the round that is open, by an enabled lead of the environment who did not shape the change. That the person
-- whose name it bears gave it, the database does not know.
CREATE OR REPLACE FUNCTION refuse_own_vote() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    change changes%ROWTYPE;
BEGIN
    -- Edits, submissions and rebases lock the change too, so none can slip in beside this check.
    SELECT * INTO change FROM changes WHERE id = NEW.change_id FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM shaped(NEW.change_id) AS account WHERE account = NEW.voter_id) THEN
        RAISE EXCEPTION 'who shaped change % has no vote on it', NEW.change_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'votes_not_by_authors';
    END IF;
    IF change.state NOT IN ('in-review', 'approved') OR change.round <> NEW.round THEN
        RAISE EXCEPTION 'change % takes no vote of round % now', NEW.change_id, NEW.round
            USING ERRCODE = 'check_violation', CONSTRAINT = 'votes_while_open';
    END IF;
    IF NOT EXISTS (SELECT FROM accounts a JOIN grants g ON g.account_id = a.id
                   WHERE a.id = NEW.voter_id AND a.disabled_at IS NULL
                     AND g.environment_id = change.environment_id AND g.capability = 'lead')
    THEN
        RAISE EXCEPTION 'the voter is no lead of the environment of change %', NEW.change_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'votes_by_leads';
    END IF;
    RETURN NEW;
END
$$;

-- Who took a vote back is its voter, and is said. The rows so far were the voters' own acts: nothing else wrote them.
ALTER TABLE vote_take_backs ADD COLUMN account_id uuid CONSTRAINT vote_take_backs_account REFERENCES accounts (id);
ALTER TABLE vote_take_backs DISABLE TRIGGER vote_take_backs_append_only;
UPDATE vote_take_backs t SET account_id = v.voter_id FROM votes v WHERE v.id = t.vote_id;
ALTER TABLE vote_take_backs ENABLE TRIGGER vote_take_backs_append_only;
ALTER TABLE vote_take_backs ALTER COLUMN account_id SET NOT NULL;

CREATE FUNCTION refuse_take_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM changes c JOIN votes v ON v.change_id = c.id WHERE v.id = NEW.vote_id FOR NO KEY UPDATE OF c;
    IF NOT EXISTS (
        SELECT FROM votes v JOIN changes c ON c.id = v.change_id
        WHERE v.id = NEW.vote_id AND v.voter_id = NEW.account_id AND v.verdict = 'approve' AND v.round = c.round
          AND c.state IN ('in-review', 'approved') AND NEW.at >= v.at)
    THEN
        RAISE EXCEPTION 'vote % is not taken back now, or not by this person', NEW.vote_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'vote_take_backs_while_open';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER vote_take_backs_while_open BEFORE INSERT ON vote_take_backs
    FOR EACH ROW EXECUTE FUNCTION refuse_take_back();

-- A run's log is written by who carries a step out, line after line, and no line is older than the one before it, or
-- than the run. Clocks can be set back: then the line has the time of the one before.
CREATE FUNCTION refuse_line_between() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.sequence <= coalesce((SELECT max(l.sequence) FROM run_log l WHERE l.run_id = NEW.run_id), 0)
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
CREATE TRIGGER run_log_at_the_end BEFORE INSERT ON run_log FOR EACH ROW EXECUTE FUNCTION refuse_line_between();

-- What guards others looks at the tables of this schema, whatever a session puts before them on its path.
DO $$
DECLARE
    guard text;
BEGIN
    FOREACH guard IN ARRAY ARRAY['refuse_retold_change()', 'refuse_of_ended_change()', 'refuse_edit_between()',
                                 'refuse_own_vote()', 'refuse_take_back()', 'refuse_line_between()'] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', guard, current_schema());
    END LOOP;
END
$$;
