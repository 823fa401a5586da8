-- A role that asks for less, and a window that opens the environment at more times than now, are proposed as well: each
-- loosens what people are held to, as another policy does.
ALTER TABLE policy_proposals DROP CONSTRAINT policy_proposals_kind;
ALTER TABLE policy_proposals ADD CONSTRAINT policy_proposals_kind
    CHECK (kind IN ('policy', 'rule-level', 'window-removal', 'window-opening', 'looser-role'));
