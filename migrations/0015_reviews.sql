-- Votes can be taken back, expire, and are counted for any named group.
-- `groups` are the named groups that the voter was in when voting. Older rows know of one group alone.
-- `base_revision`, `catalogue_version`, `log_from` and `log_to` say what the plan was made of that was voted on, so that
-- what changed since can be shown; older rows do not know it.
ALTER TABLE votes
    ADD COLUMN groups            text[],
    ADD COLUMN base_revision     bigint,
    ADD COLUMN catalogue_version integer,
    ADD COLUMN log_from          bigint,
    ADD COLUMN log_to            bigint,
    ADD CONSTRAINT votes_planned_from CHECK (
        num_nulls(base_revision, catalogue_version, log_from, log_to) IN (0, 4));

-- The one rewrite that the table has seen: it says the same as before in another column.
ALTER TABLE votes DISABLE TRIGGER votes_append_only;
UPDATE votes SET groups = CASE WHEN is_expert THEN ARRAY['infrastructure experts'] ELSE '{}' END;
ALTER TABLE votes ENABLE TRIGGER votes_append_only;
ALTER TABLE votes ALTER COLUMN groups SET NOT NULL, DROP COLUMN is_expert;

-- Votes stay append-only: that one was taken back is a row of its own.
CREATE TABLE vote_take_backs (
    vote_id bigint      NOT NULL CONSTRAINT vote_take_backs_pkey PRIMARY KEY
                        CONSTRAINT vote_take_backs_vote REFERENCES votes (id),
    at      timestamptz NOT NULL
);
CREATE TRIGGER vote_take_backs_append_only BEFORE UPDATE OR DELETE ON vote_take_backs
    FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER vote_take_backs_no_truncate BEFORE TRUNCATE ON vote_take_backs
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

-- How long approvals hold. While a change is approved: since when, and until when if nobody does anything; the second
-- lets lists show without looking at votes that an approval is over.
ALTER TABLE environments
    ADD COLUMN approval_hours integer NOT NULL DEFAULT 168
        CONSTRAINT environments_approval_hours CHECK (approval_hours BETWEEN 1 AND 2160);
ALTER TABLE changes
    ADD COLUMN approved_at    timestamptz,
    ADD COLUMN approved_until timestamptz;
UPDATE changes c SET approved_at = v.last
FROM (SELECT change_id, round, max(at) AS last FROM votes WHERE verdict = 'approve' GROUP BY change_id, round) v
WHERE v.change_id = c.id AND v.round = c.round AND c.state IN ('approved', 'provisioning', 'applied', 'failed');
UPDATE changes SET approved_until = approved_at + interval '168 hours' WHERE state = 'approved';

-- Somebody approves the same plan again after taking the vote back, or once it has expired. What an index held for ever
-- is held for the time that a vote counts: of a double click the second finds the first, as the lock makes it wait.
-- Only the newest vote of a person on a plan is asked, as it stands in the place of those before it.
DROP INDEX votes_approve_once;
CREATE INDEX votes_of_change ON votes (change_id, id);
CREATE FUNCTION refuse_second_approval() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM changes WHERE id = NEW.change_id FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT FROM votes v
        JOIN changes c ON c.id = v.change_id
        JOIN environments e ON e.id = c.environment_id
        WHERE v.change_id = NEW.change_id AND v.round = NEW.round AND v.voter_id = NEW.voter_id
          AND v.digest = NEW.digest AND v.verdict = 'approve'
          AND NOT EXISTS (SELECT FROM votes n
                          WHERE n.change_id = v.change_id AND n.round = v.round AND n.voter_id = v.voter_id
                            AND n.digest = v.digest AND n.verdict = 'approve' AND n.id > v.id)
          AND v.at + make_interval(hours => e.approval_hours) > NEW.at
          AND NOT EXISTS (SELECT FROM vote_take_backs t WHERE t.vote_id = v.id))
    THEN
        RAISE EXCEPTION 'this plan of change % is approved by the same person already', NEW.change_id
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'votes_approve_once';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER votes_approve_once BEFORE INSERT ON votes
    FOR EACH ROW WHEN (NEW.verdict = 'approve') EXECUTE FUNCTION refuse_second_approval();
