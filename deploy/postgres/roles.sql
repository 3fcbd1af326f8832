-- The roles and the database, made once by a superuser:
--
--   KEELWAY_OWNER_PASSWORD=... KEELWAY_APP_PASSWORD=... psql --file roles.sql postgres://postgres@HOST
--
-- `keelway_owner` owns every table, and only `keelway migrate` uses it. `keelway` is what servers
-- and workers log in as: it owns nothing, has no right of its own, and takes on one of two roles
-- in each transaction. `keelway_app` sees the tenants that the transaction names, and
-- `keelway_jobs`, which works for the platform, all of them. Row-level security holds for all
-- four of them.

\set ON_ERROR_STOP on
\getenv owner_password KEELWAY_OWNER_PASSWORD
\getenv app_password KEELWAY_APP_PASSWORD

CREATE ROLE keelway_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE keelway_app NOLOGIN NOINHERIT;
CREATE ROLE keelway_jobs NOLOGIN NOINHERIT;
CREATE ROLE keelway LOGIN NOINHERIT PASSWORD :'app_password';
GRANT keelway_app, keelway_jobs TO keelway;

CREATE DATABASE keelway OWNER keelway_owner TEMPLATE template0 ENCODING 'UTF8';
REVOKE ALL ON DATABASE keelway FROM PUBLIC;
GRANT CONNECT ON DATABASE keelway TO keelway;
