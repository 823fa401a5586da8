-- What of an act is told and written nowhere else, kept with what is to be told (domain `act::Said`). What is still to be told of
-- before this version says it as the audit row has it.
ALTER TABLE outbox ADD COLUMN said jsonb;
UPDATE outbox o
SET said = jsonb_strip_nulls(jsonb_build_object(
        'unattended', coalesce(a.after -> 'unattended', 'false'),
        'applied_by', a.after -> 'applied_by',
        'comment', a.after -> 'text',
        'about', CASE
            WHEN o.kind = 'freeze.ended' THEN jsonb_build_object(
                'kind', 'freeze', 'name', coalesce(a.after -> 'name', to_jsonb(a.subject)), 'how', coalesce(a.after ->> 'how', 'ended'))
            WHEN a.after ? 'about' THEN jsonb_build_object(
                'kind', 'proposal', 'about', a.after -> 'about',
                'proposer', (SELECT p.proposer_id FROM policy_proposals p WHERE p.id = (a.after ->> 'proposal')::bigint))
        END))
FROM audit_log a
WHERE a.sequence = o.audit_sequence AND o.done_at IS NULL;
