-- Who holds an event stream open is told at once that they may see something else than before, or nothing any more: an
-- account is told on this channel when its grants, its groups, its epoch or its disabling move, or one of its sessions
-- ends. Triggers, so that no act can forget to, nor anybody with psql.
CREATE FUNCTION tell_standing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'DELETE' THEN
        PERFORM pg_notify('strata_standing', NEW.account_id::text);
    END IF;
    IF TG_OP <> 'INSERT' AND OLD.account_id IS NOT NULL THEN
        PERFORM pg_notify('strata_standing', OLD.account_id::text);
    END IF;
    RETURN NULL;
END
$$;
CREATE FUNCTION tell_standing_of_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('strata_standing', NEW.id::text);
    RETURN NULL;
END
$$;
CREATE TRIGGER grants_standing AFTER INSERT OR UPDATE OR DELETE ON grants
    FOR EACH ROW EXECUTE FUNCTION tell_standing();
CREATE TRIGGER group_members_standing AFTER INSERT OR UPDATE OR DELETE ON group_members
    FOR EACH ROW EXECUTE FUNCTION tell_standing();
CREATE TRIGGER sessions_standing AFTER DELETE ON sessions
    FOR EACH ROW WHEN (OLD.account_id IS NOT NULL) EXECUTE FUNCTION tell_standing();
CREATE TRIGGER accounts_standing AFTER UPDATE OF session_epoch, disabled_at ON accounts
    FOR EACH ROW EXECUTE FUNCTION tell_standing_of_account();
