-- A vote says of its voter what they are when they give it: a lead, in the groups that they are in. Older votes stand.
CREATE FUNCTION refuse_groups_of_others() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM unnest(NEW.groups) AS named
        WHERE named <> 'leads'
          AND NOT EXISTS (
              SELECT FROM group_members m JOIN changes c ON c.environment_id = m.environment_id
              WHERE c.id = NEW.change_id AND m.account_id = NEW.voter_id AND m.group_name = named))
    THEN
        RAISE EXCEPTION 'the vote of % names a group that they are not in', NEW.voter_name
            USING ERRCODE = 'check_violation', CONSTRAINT = 'votes_of_members';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER votes_of_members BEFORE INSERT ON votes FOR EACH ROW EXECUTE FUNCTION refuse_groups_of_others();

-- A change begins as a draft that nothing has happened to, but for the owner, who may bring in what happened elsewhere.
CREATE FUNCTION refuse_begun_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'MEMBER') THEN
        RETURN NEW;
    END IF;
    IF NEW.state <> 'draft' OR NEW.version <> 1 OR NEW.round <> 1 OR NEW.log_start <> 1
        OR num_nonnulls(NEW.submitted_at, NEW.approved_at, NEW.approved_until, NEW.apply_asked_at, NEW.planned) > 0
    THEN
        RAISE EXCEPTION 'a change begins as a draft'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'changes_begin_as_drafts';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER changes_begin_as_drafts BEFORE INSERT ON changes FOR EACH ROW EXECUTE FUNCTION refuse_begun_change();

-- How dangerous the plan was found to be when it was decided on: the digest says nothing of that. None for older ones.
ALTER TABLE decisions ADD COLUMN risk text CONSTRAINT decisions_risk CHECK (risk IN ('low', 'medium', 'high', 'critical'));

DO $$
DECLARE
    guard text;
BEGIN
    FOREACH guard IN ARRAY ARRAY['refuse_groups_of_others()', 'refuse_begun_change()'] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', guard, current_schema());
    END LOOP;
END
$$;
