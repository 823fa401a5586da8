-- That a freeze ends sooner is told to everyone, so it is nothing that people choose about. Webhooks that were told of it
-- under the topic of policies go on to be.
ALTER TABLE notice_choices DROP CONSTRAINT notice_choices_topic;
ALTER TABLE notice_choices ADD CONSTRAINT notice_choices_topic CHECK (topic NOT IN ('break-glass', 'account', 'freeze'));
UPDATE webhooks SET topics = array_append(topics, 'freeze')
WHERE removed_at IS NULL AND 'policy' = ANY (topics) AND NOT 'freeze' = ANY (topics);
