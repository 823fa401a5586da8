-- Who moved a change to another revision, and what they decided about edits that did not carry over. Whoever decided
-- such a thing wrote a part of the result, even where all of it was to leave an edit out, and has no vote on it.
-- A rebase takes a number of the log for itself: nobody who knows the log up to the edit before it is taken to know
-- what came of it.
CREATE TABLE change_rebases (
    change_id     bigint      NOT NULL CONSTRAINT change_rebases_change REFERENCES changes (id),
    sequence      bigint      NOT NULL CONSTRAINT change_rebases_sequence_counts CHECK (sequence > 0),
    rebaser_id    uuid        CONSTRAINT change_rebases_rebaser REFERENCES accounts (id),
    rebaser_name  text        NOT NULL,
    at            timestamptz NOT NULL,
    from_revision bigint      NOT NULL,
    to_revision   bigint      NOT NULL,
    choices       jsonb       NOT NULL CONSTRAINT change_rebases_choices CHECK (jsonb_typeof(choices) = 'object'),
    CONSTRAINT change_rebases_pkey PRIMARY KEY (change_id, sequence)
);
CREATE TRIGGER change_rebases_append_only BEFORE UPDATE OR DELETE ON change_rebases
    FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER change_rebases_no_truncate BEFORE TRUNCATE ON change_rebases
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

CREATE OR REPLACE FUNCTION refuse_own_vote() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Edits, submissions and rebases lock the change too, so none can slip in beside this check.
    PERFORM FROM changes WHERE id = NEW.change_id FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM change_edits WHERE change_id = NEW.change_id AND author_id = NEW.voter_id)
        OR EXISTS (SELECT FROM change_submissions WHERE change_id = NEW.change_id AND submitter_id = NEW.voter_id)
        OR EXISTS (SELECT FROM changes WHERE id = NEW.change_id AND submitted_by = NEW.voter_id)
        OR EXISTS (SELECT FROM change_rebases
                   WHERE change_id = NEW.change_id AND rebaser_id = NEW.voter_id AND choices <> '{}')
    THEN
        RAISE EXCEPTION 'authors and submitters of change % have no vote on it', NEW.change_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'votes_not_by_authors';
    END IF;
    RETURN NEW;
END
$$;
