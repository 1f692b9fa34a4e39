-- The extension in an otherwise empty schema public. To be included with ECHO none.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = error;
SET timezone = 'UTC';
SET datestyle = 'ISO';
DROP EXTENSION IF EXISTS pg_regime CASCADE;
DROP SCHEMA IF EXISTS public, regime_work, whole, whole_regime_work CASCADE;
CREATE SCHEMA public;
GRANT USAGE ON SCHEMA public TO PUBLIC;
CREATE EXTENSION pg_regime;
