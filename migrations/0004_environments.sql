-- One infrastructure each. live_revision is the number of the revision that runs; null until one is imported.
CREATE TABLE environments (
    id            bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT environments_pkey PRIMARY KEY,
    slug          text        NOT NULL CONSTRAINT environments_slug_key UNIQUE
                              CONSTRAINT environments_slug_form CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    live_revision bigint,
    created_at    timestamptz NOT NULL
);
