-- The life of a job: three statements, each a transaction.
\set id 0
INSERT INTO job (body) VALUES ('A landing page for a bakery');
WITH next AS MATERIALIZED (
    SELECT id FROM job WHERE NOT is_taken ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
)
UPDATE job SET is_taken = true FROM next WHERE job.id = next.id RETURNING job.id \aset
DELETE FROM job WHERE id = :id;
