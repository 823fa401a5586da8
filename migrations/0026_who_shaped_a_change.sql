-- Who shaped a change is asked in one place: who wrote an edit of it, carried over or dropped since included, submitted
-- it, or decided in a rebase what becomes of an edit; and the same of every change that it is a copy of. None of them
-- votes on it, has a run started with their vote, or reviews that it was applied without approval.
-- What a change is a copy of is over and has a smaller number, so nobody shapes it any more, and the walk ends.
CREATE FUNCTION shaped(of_change bigint) RETURNS SETOF uuid LANGUAGE sql STABLE AS $$
    WITH RECURSIVE line (id) AS (
        SELECT of_change
        UNION
        SELECT c.copied_from FROM line l JOIN changes c ON c.id = l.id WHERE c.copied_from IS NOT NULL
    )
    SELECT e.author_id FROM line l JOIN change_edits e ON e.change_id = l.id WHERE e.author_id IS NOT NULL
    UNION
    SELECT s.submitter_id FROM line l JOIN change_submissions s ON s.change_id = l.id WHERE s.submitter_id IS NOT NULL
    UNION
    SELECT c.submitted_by FROM line l JOIN changes c ON c.id = l.id WHERE c.submitted_by IS NOT NULL
    UNION
    SELECT r.rebaser_id FROM line l JOIN change_rebases r ON r.change_id = l.id
    WHERE r.rebaser_id IS NOT NULL AND r.choices <> '{}'
$$;

CREATE OR REPLACE FUNCTION refuse_own_vote() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Edits, submissions and rebases lock the change too, so none can slip in beside this check.
    PERFORM FROM changes WHERE id = NEW.change_id FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM shaped(NEW.change_id) AS account WHERE account = NEW.voter_id) THEN
        RAISE EXCEPTION 'who shaped change % has no vote on it', NEW.change_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'votes_not_by_authors';
    END IF;
    RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION refuse_unapproved_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM broken_glass b WHERE b.change_id = NEW.change_id AND b.digest = NEW.digest) THEN
        RETURN NEW;
    END IF;
    IF NOT EXISTS (
        SELECT FROM votes v JOIN changes c ON c.id = v.change_id
        WHERE v.change_id = NEW.change_id AND v.round = c.round AND v.digest = NEW.digest AND v.verdict = 'approve'
          AND NOT EXISTS (SELECT FROM vote_take_backs t WHERE t.vote_id = v.id)
          AND v.voter_id NOT IN (SELECT account FROM shaped(NEW.change_id) AS account))
    THEN
        RAISE EXCEPTION 'nobody but who shaped it approved this plan of change %', NEW.change_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'runs_approved_by_another';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION refuse_own_glass_review() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.reviewed_by IN (SELECT account FROM shaped(NEW.change_id) AS account) THEN
        RAISE EXCEPTION 'who shaped change % does not review that it was applied without approval', NEW.change_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'broken_glass_not_by_authors';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER broken_glass_not_by_authors BEFORE INSERT OR UPDATE ON broken_glass
    FOR EACH ROW WHEN (NEW.reviewed_by IS NOT NULL) EXECUTE FUNCTION refuse_own_glass_review();

-- What guards others looks at the tables of this schema, whatever a session puts before them on its path.
DO $$
DECLARE
    guard text;
BEGIN
    FOREACH guard IN ARRAY ARRAY['shaped(bigint)', 'refuse_own_vote()', 'refuse_unapproved_run()',
                                 'refuse_own_glass_review()', 'refuse_second_approval()'] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', guard, current_schema());
    END LOOP;
END
$$;
