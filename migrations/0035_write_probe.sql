-- One row that is written to find out whether the database can be written to: a full disk shows in nothing that is read.
CREATE TABLE write_probe (
    only_row boolean     NOT NULL DEFAULT true CONSTRAINT write_probe_pkey PRIMARY KEY
                         CONSTRAINT write_probe_one CHECK (only_row),
    at       timestamptz NOT NULL
);
INSERT INTO write_probe (at) VALUES (now());
