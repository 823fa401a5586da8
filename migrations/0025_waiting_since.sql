-- Since when a change waits for votes, for reminders: whatever moved it into review, and an approval that expired before
-- anybody looked counts from its end. A trigger keeps it, so that no act can forget to.
ALTER TABLE changes ADD COLUMN waiting_since timestamptz;
UPDATE changes SET waiting_since = greatest(submitted_at, touched_at) WHERE state = 'in-review';

CREATE FUNCTION keep_waiting_since() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'in-review' THEN
        NEW.waiting_since := NULL;
    ELSIF OLD.state <> 'in-review' THEN
        NEW.waiting_since := CASE WHEN OLD.state = 'approved' AND OLD.approved_until <= NEW.touched_at
                                  THEN OLD.approved_until ELSE NEW.touched_at END;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER changes_waiting_since BEFORE UPDATE OF state ON changes
    FOR EACH ROW EXECUTE FUNCTION keep_waiting_since();

-- How long an environment is patient.
ALTER TABLE environments
    ADD COLUMN reminder_hours   integer NOT NULL DEFAULT 24,
    ADD COLUMN escalation_hours integer NOT NULL DEFAULT 72,
    ADD CONSTRAINT environments_patience CHECK (
        reminder_hours >= 1 AND reminder_hours < escalation_hours AND escalation_hours <= 2160);
