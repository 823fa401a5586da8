-- The words of what is audited, one row each: a later migration adds its own with INSERT, and repeats none of the others.
CREATE TABLE audited_actions (
    action text CONSTRAINT audited_actions_pkey PRIMARY KEY
);
INSERT INTO audited_actions (action) VALUES
    ('account-added'), ('account-granted'), ('signed-in'), ('signed-out'), ('signed-out-everywhere'),
    ('environment-created'), ('topology-imported'),
    ('change-started'), ('change-edited'), ('change-rebased'), ('change-submitted'), ('change-approved'),
    ('change-sent-back'), ('change-rejected'), ('change-withdrawn'), ('comment-added'), ('vote-taken-back'),
    ('approval-lapsed'),
    ('run-started'), ('step-confirmed'), ('run-succeeded'), ('run-failed'),
    ('role-saved'), ('role-removed'), ('rule-level-set'),
    ('policy-proposed'), ('policy-approved'), ('policy-rejected'), ('policy-withdrawn');
ALTER TABLE audit_log DROP CONSTRAINT audit_log_action;
ALTER TABLE audit_log ADD CONSTRAINT audit_log_action FOREIGN KEY (action) REFERENCES audited_actions (action);
