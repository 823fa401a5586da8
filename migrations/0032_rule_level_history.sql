-- How much each rule mattered when: a change in review is judged by the strictest level of each rule since it was
-- submitted. `rule_levels` stays what holds now; a trigger writes the history, so that no act can forget to. A level that
-- is null is the default again.
CREATE TABLE rule_level_history (
    id             bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT rule_level_history_pkey PRIMARY KEY,
    environment_id bigint      NOT NULL CONSTRAINT rule_level_history_environment REFERENCES environments (id),
    rule           text        NOT NULL,
    level          text        CONSTRAINT rule_level_history_level CHECK (level IN ('blocker', 'warning', 'advice', 'off')),
    at             timestamptz NOT NULL
);
CREATE INDEX rule_level_history_of_rule ON rule_level_history (environment_id, rule, id);
-- Since when they are so is not known: from the beginning.
INSERT INTO rule_level_history (environment_id, rule, level, at)
SELECT environment_id, rule, level, '-infinity' FROM rule_levels;
CREATE TRIGGER rule_level_history_append_only BEFORE UPDATE OR DELETE ON rule_level_history
    FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER rule_level_history_no_truncate BEFORE TRUNCATE ON rule_level_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

CREATE FUNCTION keep_rule_level() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND (TG_OP = 'DELETE' OR (OLD.environment_id, OLD.rule) <> (NEW.environment_id, NEW.rule)) THEN
        INSERT INTO rule_level_history (environment_id, rule, level, at)
        VALUES (OLD.environment_id, OLD.rule, NULL, clock_timestamp());
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO rule_level_history (environment_id, rule, level, at)
        VALUES (NEW.environment_id, NEW.rule, NEW.level, clock_timestamp());
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER rule_levels_kept AFTER INSERT OR UPDATE OR DELETE ON rule_levels
    FOR EACH ROW EXECUTE FUNCTION keep_rule_level();
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION keep_rule_level() SET search_path = %I, pg_temp', current_schema());
END
$$;

-- The last row of the history that a submission, and a run, knew; 0 where there was none. Older ones are told by time.
ALTER TABLE change_submissions ADD COLUMN rule_level_id bigint;
ALTER TABLE runs ADD COLUMN rule_level_id bigint;
