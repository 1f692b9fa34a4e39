-- The extension in an otherwise empty schema public. To be included with ECHO none.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = error;
SET timezone = 'UTC';
SET datestyle = 'ISO';
DROP EXTENSION IF EXISTS pg_regime CASCADE;
SELECT format('DROP SCHEMA %I CASCADE', nspname) FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema$)' \gexec
CREATE SCHEMA public;
GRANT USAGE ON SCHEMA public TO PUBLIC;
CREATE EXTENSION pg_regime;
