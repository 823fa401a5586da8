-- What an attacker got past at the application's own connections, once more: evidence of other times, rows that nobody can read,
-- a run that was begun by a quorum of its own.

-- Of every time that says when something happened: that it was lately, or, where it is written later, that it is then.
DO $$
DECLARE
    said record;
BEGIN
    FOR said IN
        SELECT * FROM (VALUES
            ('changes', 'created_at'), ('changes', 'touched_at'), ('catalogues', 'made_at'),
            ('policy_proposals', 'proposed_at'), ('policy_proposal_approvals', 'at'), ('policies', 'approved_at'),
            ('freeze_endings', 'at'), ('run_log', 'at'), ('schedule_entries', 'timed_at'),
            ('schedule_entries', 'touched_at'), ('notices', 'at'), ('outbox', 'at'), ('webhooks', 'created_at'),
            ('deliveries', 'created_at'), ('delivery_attempts', 'at')) AS said (said_by, said_in)
    LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE INSERT ON %I FOR EACH ROW EXECUTE FUNCTION refuse_other_time(%L)',
                       said.said_by || '_' || said.said_in || '_of_now', said.said_by, said.said_in);
    END LOOP;
    FOR said IN
        SELECT * FROM (VALUES
            ('changes', 'submitted_at'), ('changes', 'apply_asked_at'), ('policy_proposals', 'decided_at'),
            ('broken_glass', 'reviewed_at'), ('runs', 'started_at'), ('runs', 'finished_at'), ('run_steps', 'started_at'),
            ('run_steps', 'finished_at'), ('schedule_entries', 'timed_at'), ('schedule_entries', 'touched_at'),
            ('schedule_entries', 'removed_at'), ('webhooks', 'removed_at'), ('accounts', 'disabled_at'))
            AS said (said_by, said_in)
    LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE ON %I FOR EACH ROW WHEN (NEW.%I IS DISTINCT FROM OLD.%I)
                        EXECUTE FUNCTION refuse_other_time(%L)',
                       said.said_by || '_' || said.said_in || '_then_of_now', said.said_by, said.said_in, said.said_in,
                       said.said_in);
    END LOOP;
END
$$;

-- What triggers keep is written by them alone: a level of a rule that never held would hide that another one was asked for.
ALTER FUNCTION keep_rule_level() SECURITY DEFINER;
ALTER FUNCTION keep_approval_lifetime() SECURITY DEFINER;

-- Lists whose parts each have a quorum that people can meet.
CREATE FUNCTION ask_for_people(rules jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_typeof(rules) = 'array' AND NOT EXISTS (
        SELECT FROM jsonb_path_query(rules, '$[*]') AS rule
        WHERE NOT coalesce(rule @? '$.quorum ? (@.type() == "number" && @ >= 1 && @ <= 10 && @.floor() == @)', false))
$$;
ALTER TABLE policies ADD CONSTRAINT policies_rules_are_rules CHECK (ask_for_people(rules));
ALTER TABLE policy_proposals ADD CONSTRAINT policy_proposals_rules_are_rules CHECK (rules IS NULL OR ask_for_people(rules));
ALTER TABLE decisions ADD CONSTRAINT decisions_asked_is_asked CHECK (ask_for_people(asked) AND jsonb_array_length(asked) > 0);
ALTER TABLE catalogues ADD CONSTRAINT catalogues_roles_are_roles CHECK (
    jsonb_typeof(roles) = 'array' AND NOT roles @? '$[*] ? (@.type() != "object" || @.id.type() != "string")');
ALTER TABLE change_edits ADD CONSTRAINT change_edits_are_edits CHECK (
    jsonb_typeof(edit) = 'object' AND edit ->> 'kind' IN (
        'add-node', 'update-node', 'rename-node', 'remove-node', 'add-group', 'rename-group', 'remove-group', 'assign-role',
        'update-settings', 'unassign-role', 'add-service', 'update-service', 'remove-service'));
-- Numbers that count, and can be counted on.
ALTER TABLE changes ADD CONSTRAINT changes_numbers_go_on CHECK (
    version < 1000000000000 AND round < 1000000000000 AND log_start < 1000000000000);
ALTER TABLE change_edits ADD CONSTRAINT change_edits_sequence_goes_on CHECK (sequence < 1000000000000);

-- As before; and with the counter of its log, without which no worker can tell of it, and with as many votes as its digest was
-- ever found to need since the change was last submitted, in whatever round.
CREATE OR REPLACE FUNCTION refuse_half_begun_run() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_glass_broken boolean := EXISTS (
        SELECT FROM broken_glass b WHERE b.change_id = NEW.change_id AND b.digest = NEW.digest);
BEGIN
    IF NOT EXISTS (
            SELECT FROM decisions d JOIN changes c ON c.id = d.change_id AND c.version = d.version
            WHERE c.id = NEW.change_id AND c.state = 'provisioning' AND d.digest = NEW.digest)
        OR (SELECT jsonb_agg(s.plan_step ORDER BY s.position) FROM run_steps s WHERE s.run_id = NEW.id)
           IS DISTINCT FROM
           (SELECT p.plan -> 'steps' FROM decided_plans p
            WHERE p.change_id = NEW.change_id AND p.digest = NEW.digest AND p.plan_encoding = NEW.plan_encoding)
        OR NOT EXISTS (SELECT FROM run_log_counters l WHERE l.run_id = NEW.id)
        OR NOT EXISTS (
            SELECT FROM audit_log a
            WHERE a.environment_id = NEW.environment_id
              AND (is_glass_broken AND a.action = 'glass-broken' AND a.subject_kind = 'change'
                       AND a.subject = NEW.change_id::text
                   OR a.action = 'run-started' AND a.subject_kind = 'run' AND a.subject = NEW.id::text))
    THEN
        RAISE EXCEPTION 'run % begins without all that belongs to it', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'runs_begin_whole';
    END IF;
    IF NOT is_glass_broken
        AND approvals_of(NEW.change_id, NEW.digest, NEW.requested_at)
            < (SELECT coalesce(max((rule ->> 'quorum')::integer), 1)
               FROM decisions d CROSS JOIN LATERAL jsonb_array_elements(d.asked) AS rule
               WHERE d.change_id = NEW.change_id AND d.digest = NEW.digest
                 AND (d.round = (SELECT round FROM changes WHERE id = NEW.change_id)
                      OR d.version >= (SELECT max(s.version) FROM change_submissions s WHERE s.change_id = NEW.change_id)))
    THEN
        RAISE EXCEPTION 'run % begins with fewer votes than were asked for', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'runs_approved_by_enough';
    END IF;
    RETURN NULL;
END
$$;

DO $$
DECLARE
    guard text;
BEGIN
    FOREACH guard IN ARRAY ARRAY['ask_for_people(jsonb)', 'refuse_half_begun_run()'] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', guard, current_schema());
    END LOOP;
END
$$;
