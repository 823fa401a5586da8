-- What a run was made of, what it logged and how it and its steps ended is evidence, as the votes are: it is added and
-- never altered. So is what was applied without approval, save for its review, and a proposal that was decided about.
-- Held by triggers beside the permissions of the application's role, because that role may still be the owner.
CREATE TRIGGER runs_append_only BEFORE UPDATE ON runs FOR EACH ROW
    WHEN (OLD.state IN ('succeeded', 'failed')
          OR (NEW.id, NEW.environment_id, NEW.change_id, NEW.executor, NEW.digest, NEW.catalogue_version, NEW.base_revision,
              NEW.desired, NEW.requested_by, NEW.requested_by_name, NEW.requested_at, NEW.policy_version, NEW.approval_hours,
              NEW.voters, NEW.rule_level_id)
             IS DISTINCT FROM
             (OLD.id, OLD.environment_id, OLD.change_id, OLD.executor, OLD.digest, OLD.catalogue_version, OLD.base_revision,
              OLD.desired, OLD.requested_by, OLD.requested_by_name, OLD.requested_at, OLD.policy_version, OLD.approval_hours,
              OLD.voters, OLD.rule_level_id))
    EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER runs_kept BEFORE DELETE ON runs FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER runs_no_truncate BEFORE TRUNCATE ON runs FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

CREATE TRIGGER run_steps_append_only BEFORE UPDATE ON run_steps FOR EACH ROW
    WHEN (OLD.state IN ('succeeded', 'failed', 'skipped')
          OR (NEW.run_id, NEW.step_id, NEW.position, NEW.depends_on, NEW.plan_step)
             IS DISTINCT FROM (OLD.run_id, OLD.step_id, OLD.position, OLD.depends_on, OLD.plan_step))
    EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER run_steps_kept BEFORE DELETE ON run_steps FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER run_steps_no_truncate BEFORE TRUNCATE ON run_steps FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

CREATE TRIGGER run_log_append_only BEFORE UPDATE OR DELETE ON run_log FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER run_log_no_truncate BEFORE TRUNCATE ON run_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

CREATE TRIGGER broken_glass_append_only BEFORE UPDATE ON broken_glass FOR EACH ROW
    WHEN (OLD.reviewed_at IS NOT NULL
          OR (NEW.change_id, NEW.environment_id, NEW.digest, NEW.broken_by, NEW.broken_by_name, NEW.reason, NEW.at)
             IS DISTINCT FROM
             (OLD.change_id, OLD.environment_id, OLD.digest, OLD.broken_by, OLD.broken_by_name, OLD.reason, OLD.at))
    EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER broken_glass_kept BEFORE DELETE ON broken_glass FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER broken_glass_no_truncate BEFORE TRUNCATE ON broken_glass
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

CREATE TRIGGER policy_proposals_append_only BEFORE UPDATE ON policy_proposals FOR EACH ROW
    WHEN (OLD.state <> 'open') EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER policy_proposals_kept BEFORE DELETE ON policy_proposals FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER policy_proposals_no_truncate BEFORE TRUNCATE ON policy_proposals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

-- The words of the audit log only grow: a later migration adds its own.
CREATE TRIGGER audited_actions_append_only BEFORE UPDATE OR DELETE ON audited_actions
    FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER audited_actions_no_truncate BEFORE TRUNCATE ON audited_actions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
