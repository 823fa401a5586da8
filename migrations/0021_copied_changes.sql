-- What a draft is a copy of: a change that was rejected, withdrawn or failed.
ALTER TABLE changes
    ADD COLUMN copied_from bigint CONSTRAINT changes_copied_from REFERENCES changes (id),
    ADD CONSTRAINT changes_copied_from_earlier CHECK (copied_from < id);
CREATE INDEX changes_copies ON changes (copied_from) WHERE copied_from IS NOT NULL;
