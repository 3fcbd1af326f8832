-- A reserve as one statement and one transaction, on one of so many accounts.
\set account random(1, :accounts)
WITH taken AS (
    UPDATE account SET held = held + 1 WHERE id = :account AND balance - held >= 1 RETURNING id
)
INSERT INTO hold (account_id, amount) SELECT id, 1 FROM taken;
