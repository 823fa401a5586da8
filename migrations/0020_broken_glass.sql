-- Changes that an admin applied without the votes that are asked for. One at a time in an environment: the next has to
-- wait until a lead who is not that admin has reviewed it.
CREATE TABLE broken_glass (
    change_id        bigint      NOT NULL CONSTRAINT broken_glass_pkey PRIMARY KEY
                                 CONSTRAINT broken_glass_change REFERENCES changes (id),
    environment_id   bigint      NOT NULL CONSTRAINT broken_glass_environment REFERENCES environments (id),
    digest           bytea       NOT NULL CONSTRAINT broken_glass_digest CHECK (octet_length(digest) = 32),
    broken_by        uuid        CONSTRAINT broken_glass_broken_by REFERENCES accounts (id),
    broken_by_name   text        NOT NULL,
    reason           text        NOT NULL CONSTRAINT broken_glass_reason_given CHECK (length(btrim(reason)) >= 10),
    at               timestamptz NOT NULL,
    reviewed_by      uuid        CONSTRAINT broken_glass_reviewed_by REFERENCES accounts (id),
    reviewed_by_name text,
    reviewed_at      timestamptz,
    conclusion       text,
    CONSTRAINT broken_glass_reviewed CHECK (num_nulls(reviewed_by, reviewed_by_name, reviewed_at, conclusion) IN (0, 4)),
    CONSTRAINT broken_glass_by_another CHECK (reviewed_by <> broken_by)
);
CREATE UNIQUE INDEX broken_glass_one_unreviewed ON broken_glass (environment_id) WHERE reviewed_at IS NULL;

-- The domain holds every rule of the policy against the votes. This holds the least of it against everything that
-- reaches the table past it: somebody who wrote nothing of the change approved exactly this plan, or the glass was broken.
CREATE FUNCTION refuse_unapproved_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM broken_glass b WHERE b.change_id = NEW.change_id AND b.digest = NEW.digest) THEN
        RETURN NEW;
    END IF;
    IF NOT EXISTS (
        SELECT FROM votes v JOIN changes c ON c.id = v.change_id
        WHERE v.change_id = NEW.change_id AND v.round = c.round AND v.digest = NEW.digest AND v.verdict = 'approve'
          AND NOT EXISTS (SELECT FROM vote_take_backs t WHERE t.vote_id = v.id)
          AND NOT EXISTS (SELECT FROM change_edits e WHERE e.change_id = v.change_id AND e.author_id = v.voter_id)
          AND NOT EXISTS (SELECT FROM change_submissions s
                          WHERE s.change_id = v.change_id AND s.submitter_id = v.voter_id))
    THEN
        RAISE EXCEPTION 'nobody but its authors approved this plan of change %', NEW.change_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'runs_approved_by_another';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER runs_approved_by_another BEFORE INSERT ON runs
    FOR EACH ROW EXECUTE FUNCTION refuse_unapproved_run();

INSERT INTO audited_actions (action) VALUES ('glass-broken'), ('glass-reviewed');
