-- A change in review is judged by every policy that was in force since it was submitted, so that a weaker one serves only
-- what is submitted after it. Older submissions do not say which one was in force; for them the times of the versions do.
ALTER TABLE change_submissions ADD COLUMN policy_version integer;
