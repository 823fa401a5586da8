-- One execution of an approved plan. The table of steps is itself the queue: a second table of jobs would be a
-- second truth. `desired` is the topology that was planned for, so that what becomes live is what was approved.
CREATE TABLE runs (
    id                bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT runs_pkey PRIMARY KEY,
    environment_id    bigint      NOT NULL CONSTRAINT runs_environment REFERENCES environments (id),
    change_id         bigint      NOT NULL CONSTRAINT runs_change REFERENCES changes (id)
                                  CONSTRAINT runs_change_once UNIQUE,
    executor          text        NOT NULL CONSTRAINT runs_executor CHECK (executor IN ('dry-run')),
    digest            bytea       NOT NULL CONSTRAINT runs_digest CHECK (octet_length(digest) = 32),
    catalogue_version integer     NOT NULL,
    base_revision     bigint      NOT NULL,
    desired           jsonb       NOT NULL,
    state             text        NOT NULL DEFAULT 'queued' CONSTRAINT runs_state
                                  CHECK (state IN ('queued', 'running', 'succeeded', 'failed')),
    requested_by      uuid        CONSTRAINT runs_requested_by REFERENCES accounts (id),
    requested_by_name text        NOT NULL,
    requested_at      timestamptz NOT NULL,
    started_at        timestamptz,
    finished_at       timestamptz,
    revision          bigint,
    CONSTRAINT runs_revision FOREIGN KEY (environment_id, revision) REFERENCES revisions (environment_id, number),
    CONSTRAINT runs_finished CHECK ((state IN ('succeeded', 'failed')) = (finished_at IS NOT NULL)),
    CONSTRAINT runs_succeeded_made_one CHECK ((state = 'succeeded') = (revision IS NOT NULL))
);
CREATE INDEX runs_newest ON runs (environment_id, id DESC);
-- One run at a time for each environment, whatever the application believes.
CREATE UNIQUE INDEX runs_one_active ON runs (environment_id) WHERE state IN ('queued', 'running');

ALTER TABLE revisions
    ADD CONSTRAINT revisions_change FOREIGN KEY (change_id) REFERENCES changes (id),
    ADD CONSTRAINT revisions_run FOREIGN KEY (run_id) REFERENCES runs (id);

CREATE TABLE run_steps (
    run_id      bigint      NOT NULL CONSTRAINT run_steps_run REFERENCES runs (id),
    step_id     text        NOT NULL,
    position    bigint      NOT NULL CONSTRAINT run_steps_position_counts CHECK (position > 0),
    depends_on  text[]      NOT NULL,
    plan_step   jsonb       NOT NULL,
    state       text        NOT NULL DEFAULT 'pending' CONSTRAINT run_steps_state
                            CHECK (state IN ('pending', 'running', 'waiting', 'succeeded', 'failed', 'skipped')),
    attempts    integer     NOT NULL DEFAULT 0,
    lease_owner text,
    lease_until timestamptz,
    started_at  timestamptz,
    finished_at timestamptz,
    outcome     text,
    CONSTRAINT run_steps_pkey PRIMARY KEY (run_id, step_id),
    CONSTRAINT run_steps_position_key UNIQUE (run_id, position),
    CONSTRAINT run_steps_leased CHECK ((state = 'running') = (lease_owner IS NOT NULL AND lease_until IS NOT NULL)),
    CONSTRAINT run_steps_finished CHECK ((state IN ('succeeded', 'failed', 'skipped')) = (finished_at IS NOT NULL))
);
CREATE INDEX run_steps_claimable ON run_steps (run_id, position) WHERE state IN ('pending', 'running');

-- The counter makes lines visible in the order of their numbers: a reader that asks for what comes after line n
-- never misses one that commits later with a smaller number.
CREATE TABLE run_log_counters (
    run_id bigint NOT NULL CONSTRAINT run_log_counters_pkey PRIMARY KEY CONSTRAINT run_log_counters_run REFERENCES runs (id),
    lines  bigint NOT NULL DEFAULT 0
);
CREATE TABLE run_log (
    run_id   bigint      NOT NULL,
    sequence bigint      NOT NULL,
    step_id  text        NOT NULL,
    at       timestamptz NOT NULL,
    text     text        NOT NULL,
    CONSTRAINT run_log_pkey PRIMARY KEY (run_id, sequence),
    CONSTRAINT run_log_step FOREIGN KEY (run_id, step_id) REFERENCES run_steps (run_id, step_id)
);
