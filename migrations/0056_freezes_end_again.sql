-- A freeze that was ended early, then set to other times and back, is on again, and can be ended again.
ALTER TABLE freeze_endings
    DROP CONSTRAINT freeze_endings_pkey,
    ADD CONSTRAINT freeze_endings_pkey PRIMARY KEY (entry_id, occurrence, at);
