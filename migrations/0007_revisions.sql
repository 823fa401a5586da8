-- Immutable, numbered, content-hashed topologies. The live one of an environment has to exist.
CREATE TABLE revisions (
    id                bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT revisions_pkey PRIMARY KEY,
    environment_id    bigint      NOT NULL CONSTRAINT revisions_environment REFERENCES environments (id),
    number            bigint      NOT NULL CONSTRAINT revisions_number_counts CHECK (number > 0),
    topology          jsonb       NOT NULL,
    content_hash      bytea       NOT NULL CONSTRAINT revisions_hashed CHECK (octet_length(content_hash) = 32),
    catalogue_version integer     NOT NULL,
    node_count        bigint      NOT NULL CONSTRAINT revisions_node_count_counts CHECK (node_count >= 0),
    change_id         bigint,
    run_id            bigint      CONSTRAINT revisions_run_once UNIQUE,
    title             text        NOT NULL,
    made_by           uuid        CONSTRAINT revisions_made_by REFERENCES accounts (id),
    made_by_name      text        NOT NULL,
    made_at           timestamptz NOT NULL,
    CONSTRAINT revisions_number_key UNIQUE (environment_id, number)
);
ALTER TABLE environments ADD CONSTRAINT environments_live_revision
    FOREIGN KEY (id, live_revision) REFERENCES revisions (environment_id, number);

CREATE TRIGGER revisions_append_only BEFORE UPDATE OR DELETE ON revisions
    FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER revisions_no_truncate BEFORE TRUNCATE ON revisions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
