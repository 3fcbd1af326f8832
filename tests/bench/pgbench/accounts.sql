-- What the scripts beside this one work on: the least that a ledger could be.
CREATE TABLE account (
    id      bigint PRIMARY KEY,
    balance bigint NOT NULL,
    held    bigint NOT NULL,
    CHECK (held >= 0 AND balance >= held)
) WITH (fillfactor = 50);
CREATE TABLE hold (
    id         uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    account_id bigint      NOT NULL,
    amount     bigint      NOT NULL,
    opened_at  timestamptz NOT NULL DEFAULT now()
);
INSERT INTO account SELECT id, 1000000000, 0 FROM generate_series(1, 1000) AS id;
VACUUM ANALYZE account;
