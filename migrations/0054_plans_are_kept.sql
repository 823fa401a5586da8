-- What was decided on is kept: the plan as it was made then, and what was asked for it. A newer version of Strata may plan
-- otherwise, and an environment may ask for more; of the past is told what stands here (requirements, section 4).
CREATE TABLE decided_plans (
    change_id bigint NOT NULL REFERENCES changes (id),
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    plan_encoding text NOT NULL,
    catalogue_version integer NOT NULL,
    plan jsonb NOT NULL,
    PRIMARY KEY (change_id, digest)
);

-- One for each act that decided: submitting, voting, taking back, giving up, applying, breaking the glass.
CREATE TABLE decisions (
    change_id bigint NOT NULL REFERENCES changes (id),
    -- The version that the act made of the change.
    version bigint NOT NULL,
    -- The round of votes that it was in, or that it opened.
    round bigint NOT NULL,
    digest bytea NOT NULL,
    blockers integer NOT NULL CHECK (blockers >= 0),
    asked jsonb NOT NULL,
    PRIMARY KEY (change_id, version),
    FOREIGN KEY (change_id, digest) REFERENCES decided_plans (change_id, digest)
);

CREATE TRIGGER decided_plans_append_only BEFORE UPDATE OR DELETE ON decided_plans
    FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER decided_plans_no_truncate BEFORE TRUNCATE ON decided_plans
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER decisions_append_only BEFORE UPDATE OR DELETE ON decisions
    FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER decisions_no_truncate BEFORE TRUNCATE ON decisions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

-- Both come while the change is open, in the act that they are of.
CREATE TRIGGER decided_plans_while_open AFTER INSERT ON decided_plans
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION refuse_of_ended_change();
CREATE TRIGGER decisions_while_open AFTER INSERT ON decisions
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION refuse_of_ended_change();

CREATE FUNCTION refuse_decision_of_another_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM changes WHERE id = NEW.change_id AND version + 1 = NEW.version FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'a decision on change % makes its next version', NEW.change_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'decisions_of_the_next_version';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER decisions_of_the_next_version BEFORE INSERT ON decisions
    FOR EACH ROW EXECUTE FUNCTION refuse_decision_of_another_version();
