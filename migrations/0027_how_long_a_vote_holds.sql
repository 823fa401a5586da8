-- How long a vote holds is stored with it: a longer time, set later, brings no vote back that was over.
-- What was in force when is kept too, because a change is judged by the shortest time since it was submitted: a longer
-- one serves only changes submitted after it.
CREATE TABLE approval_lifetimes (
    id             bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT approval_lifetimes_pkey PRIMARY KEY,
    environment_id bigint      NOT NULL CONSTRAINT approval_lifetimes_environment REFERENCES environments (id),
    hours          integer     NOT NULL CONSTRAINT approval_lifetimes_hours CHECK (hours BETWEEN 1 AND 2160),
    set_by         uuid        CONSTRAINT approval_lifetimes_set_by REFERENCES accounts (id),
    set_by_name    text        NOT NULL,
    at             timestamptz NOT NULL
);
CREATE INDEX approval_lifetimes_in_order ON approval_lifetimes (environment_id, id);
CREATE TRIGGER approval_lifetimes_append_only BEFORE UPDATE OR DELETE ON approval_lifetimes
    FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER approval_lifetimes_no_truncate BEFORE TRUNCATE ON approval_lifetimes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

-- The audit log has told each of them so far. What is in force past it is in force from now on.
INSERT INTO approval_lifetimes (environment_id, hours, set_by, set_by_name, at)
SELECT environment_id, (after ->> 'hours')::integer, actor_id, actor_name, at
FROM audit_log WHERE action = 'approval-lifetime-set' AND after ? 'hours' ORDER BY sequence;
INSERT INTO approval_lifetimes (environment_id, hours, set_by_name, at)
SELECT e.id, e.approval_hours, 'Operator', now() FROM environments e
WHERE e.approval_hours <> coalesce((SELECT l.hours FROM approval_lifetimes l
                                    WHERE l.environment_id = e.id ORDER BY l.id DESC LIMIT 1), 168);

-- What was in force when a change was submitted, and the last that was set by then: what is set later has a larger id,
-- whatever the clocks say.
ALTER TABLE change_submissions
    ADD COLUMN approval_hours integer NOT NULL DEFAULT 168
        CONSTRAINT change_submissions_approval_hours CHECK (approval_hours BETWEEN 1 AND 2160),
    ADD COLUMN lifetime_id bigint NOT NULL DEFAULT 0;
ALTER TABLE change_submissions DISABLE TRIGGER change_submissions_append_only;
UPDATE change_submissions s SET approval_hours = l.hours, lifetime_id = l.id
FROM changes c JOIN approval_lifetimes l ON l.environment_id = c.environment_id
WHERE c.id = s.change_id AND l.at <= s.at
  AND NOT EXISTS (SELECT FROM approval_lifetimes n
                  WHERE n.environment_id = c.environment_id AND n.id > l.id AND n.at <= s.at);
ALTER TABLE change_submissions ENABLE TRIGGER change_submissions_append_only;

-- Older votes hold as long as they did when their run was started, or would now.
ALTER TABLE votes
    ADD COLUMN approval_hours integer NOT NULL DEFAULT 168
        CONSTRAINT votes_approval_hours CHECK (approval_hours BETWEEN 1 AND 2160);
ALTER TABLE votes DISABLE TRIGGER votes_append_only;
UPDATE votes v SET approval_hours = coalesce(r.approval_hours, e.approval_hours)
FROM changes c JOIN environments e ON e.id = c.environment_id LEFT JOIN runs r ON r.change_id = c.id
WHERE c.id = v.change_id AND v.approval_hours <> coalesce(r.approval_hours, e.approval_hours);
ALTER TABLE votes ENABLE TRIGGER votes_append_only;

-- A vote is over when its own time is, or the shorter one by which the next vote is given.
CREATE OR REPLACE FUNCTION refuse_second_approval() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM changes WHERE id = NEW.change_id FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT FROM votes v
        WHERE v.change_id = NEW.change_id AND v.round = NEW.round AND v.voter_id = NEW.voter_id
          AND v.digest = NEW.digest AND v.verdict = 'approve'
          AND NOT EXISTS (SELECT FROM votes n
                          WHERE n.change_id = v.change_id AND n.round = v.round AND n.voter_id = v.voter_id
                            AND n.digest = v.digest AND n.verdict = 'approve' AND n.id > v.id)
          AND v.at + make_interval(hours => least(v.approval_hours, NEW.approval_hours)) > NEW.at
          AND NOT EXISTS (SELECT FROM vote_take_backs t WHERE t.vote_id = v.id))
    THEN
        RAISE EXCEPTION 'this plan of change % is approved by the same person already', NEW.change_id
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'votes_approve_once';
    END IF;
    RETURN NEW;
END
$$;
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION refuse_second_approval() SET search_path = %I, pg_temp', current_schema());
END
$$;
