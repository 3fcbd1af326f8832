-- The roles and the database, made by a superuser. Running it again does no harm, and is how the
-- two passwords are changed:
--
--   KEELWAY_OWNER_PASSWORD=... KEELWAY_APP_PASSWORD=... psql --file roles.sql postgres://postgres@HOST
--
-- `keelway_owner` owns every table, and only `keelway migrate` uses it. `keelway` is what servers
-- and workers log in as: it owns nothing, has no right of its own, and takes on one of two roles
-- in each transaction. `keelway_app` sees the tenants that the transaction names, and
-- `keelway_jobs`, which works for the platform, all of them. Row-level security holds for all
-- four of them.

\set ON_ERROR_STOP on
\set owner_password ''
\set app_password ''
\getenv owner_password KEELWAY_OWNER_PASSWORD
\getenv app_password KEELWAY_APP_PASSWORD

-- The server's log is no place for passwords.
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';

SELECT :'owner_password' = '' OR :'app_password' = '' AS lacks_a_password \gset
\if :lacks_a_password
DO $$ BEGIN
    RAISE 'set KEELWAY_OWNER_PASSWORD and KEELWAY_APP_PASSWORD: nothing was changed';
END $$;
\endif

BEGIN;
SELECT format('CREATE ROLE %I', name)
FROM UNNEST(ARRAY['keelway_owner', 'keelway_app', 'keelway_jobs', 'keelway']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE keelway_owner LOGIN PASSWORD :'owner_password';
ALTER ROLE keelway_app NOLOGIN NOINHERIT;
ALTER ROLE keelway_jobs NOLOGIN NOINHERIT;
ALTER ROLE keelway LOGIN NOINHERIT PASSWORD :'app_password';
GRANT keelway_app, keelway_jobs TO keelway;
COMMIT;

SELECT 'CREATE DATABASE keelway OWNER keelway_owner TEMPLATE template0 ENCODING ''UTF8'''
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'keelway') \gexec
REVOKE ALL ON DATABASE keelway FROM PUBLIC;
GRANT CONNECT ON DATABASE keelway TO keelway;
