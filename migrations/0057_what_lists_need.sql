-- What a list tells of the plan of a change that is under review or has its run: its risk, and what is asked for it. Stored when
-- it changes, so that no list makes plans. None for a draft, and for what was stored before this.
ALTER TABLE changes ADD COLUMN planned jsonb;
