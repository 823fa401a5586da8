-- A vote counts only while its giver is an enabled account and a lead of the environment, and for a group while they are
-- in it. What everybody who voted was when a run was started is kept with the run: who leaves later takes nothing from
-- what was approved then, and who had left before is never told as though they had carried it. Older runs do not know it.
ALTER TABLE runs ADD COLUMN voters jsonb CONSTRAINT runs_voters CHECK (jsonb_typeof(voters) = 'object');

-- No vote that counts is older than twice the time it holds: once while it waits for others, once as a part of the approval.
CREATE OR REPLACE FUNCTION refuse_unapproved_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM broken_glass b WHERE b.change_id = NEW.change_id AND b.digest = NEW.digest) THEN
        RETURN NEW;
    END IF;
    IF NOT EXISTS (
        SELECT FROM votes v JOIN changes c ON c.id = v.change_id
        WHERE v.change_id = NEW.change_id AND v.round = c.round AND v.digest = NEW.digest AND v.verdict = 'approve'
          AND v.at + make_interval(hours => 2 * v.approval_hours) > NEW.requested_at
          AND NOT EXISTS (SELECT FROM vote_take_backs t WHERE t.vote_id = v.id)
          AND v.voter_id NOT IN (SELECT account FROM shaped(NEW.change_id) AS account)
          AND EXISTS (SELECT FROM accounts a JOIN grants g ON g.account_id = a.id
                      WHERE a.id = v.voter_id AND a.disabled_at IS NULL
                        AND g.environment_id = c.environment_id AND g.capability = 'lead'))
    THEN
        RAISE EXCEPTION 'no lead but who shaped it approved this plan of change %', NEW.change_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'runs_approved_by_another';
    END IF;
    RETURN NEW;
END
$$;
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION refuse_unapproved_run() SET search_path = %I, pg_temp', current_schema());
END
$$;

INSERT INTO audited_actions (action) VALUES ('account-disabled'), ('account-enabled'), ('account-revoked');
