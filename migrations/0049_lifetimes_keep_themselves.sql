-- How long approvals hold is kept by a trigger, as the levels of rules are, so that no act can forget to: a change is judged
-- by the shortest time since it was submitted. Who set it is in the audit log, as ever; older rows say it beside.
ALTER TABLE approval_lifetimes ALTER COLUMN set_by_name DROP NOT NULL;

CREATE FUNCTION keep_approval_lifetime() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO approval_lifetimes (environment_id, hours, at) VALUES (NEW.id, NEW.approval_hours, clock_timestamp());
    RETURN NULL;
END
$$;
CREATE TRIGGER environments_approval_hours_kept AFTER UPDATE OF approval_hours ON environments
    FOR EACH ROW WHEN (OLD.approval_hours <> NEW.approval_hours) EXECUTE FUNCTION keep_approval_lifetime();
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION keep_approval_lifetime() SET search_path = %I, pg_temp', current_schema());
END
$$;
