-- A vote belongs to the digest of the plan that its lead saw, and to the round of the review.
-- The four-eyes rule is in the domain; this trigger holds it against everything that reaches the table past it.
CREATE TABLE votes (
    id         bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT votes_pkey PRIMARY KEY,
    change_id  bigint      NOT NULL CONSTRAINT votes_change REFERENCES changes (id),
    round      bigint      NOT NULL,
    voter_id   uuid        NOT NULL CONSTRAINT votes_voter REFERENCES accounts (id),
    voter_name text        NOT NULL,
    is_expert  boolean     NOT NULL,
    verdict    text        NOT NULL CONSTRAINT votes_verdict CHECK (verdict IN ('approve', 'reject', 'send-back')),
    digest     bytea       NOT NULL CONSTRAINT votes_digest CHECK (octet_length(digest) = 32),
    reason     text,
    at         timestamptz NOT NULL,
    CONSTRAINT votes_reason_given CHECK (verdict = 'approve' OR reason <> '' AND reason IS NOT NULL)
);
CREATE UNIQUE INDEX votes_approve_once ON votes (change_id, round, voter_id, digest) WHERE verdict = 'approve';

CREATE FUNCTION refuse_own_vote() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Edits and submissions lock the change too, so none can slip in beside this check.
    PERFORM FROM changes WHERE id = NEW.change_id FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM change_edits WHERE change_id = NEW.change_id AND author_id = NEW.voter_id)
        OR EXISTS (SELECT FROM change_submissions WHERE change_id = NEW.change_id AND submitter_id = NEW.voter_id)
        OR EXISTS (SELECT FROM changes WHERE id = NEW.change_id AND submitted_by = NEW.voter_id)
    THEN
        RAISE EXCEPTION 'authors and submitters of change % have no vote on it', NEW.change_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'votes_not_by_authors';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER votes_not_by_authors BEFORE INSERT ON votes
    FOR EACH ROW EXECUTE FUNCTION refuse_own_vote();
CREATE TRIGGER votes_append_only BEFORE UPDATE OR DELETE ON votes
    FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER votes_no_truncate BEFORE TRUNCATE ON votes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
