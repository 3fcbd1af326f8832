-- What queue.sql works on: the least that a queue could be, and as it should be kept.
CREATE TABLE job (
    id          bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    body        text        NOT NULL,
    is_taken    boolean     NOT NULL DEFAULT false,
    enqueued_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.01);
CREATE INDEX job_next ON job (id) WHERE NOT is_taken;
