-- The first relation that a relation is, or reads through views, of those that a refresh of the layered regimes writes: the tables
-- and what is made of them in the target schema, and everything in the working schema. $1 is the relation, $2 the target
-- schema, $3 the tables, $4 the working schema.
WITH RECURSIVE read AS (
  SELECT $1::oid AS oid
  UNION SELECT d.refobjid FROM read r JOIN pg_catalog.pg_rewrite w ON w.ev_class = r.oid AND w.rulename = '_RETURN'
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid
      AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> r.oid)
SELECT format('%I.%I', n.nspname, c.relname) AS relation FROM read r JOIN pg_catalog.pg_class c USING (oid)
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $2::name AND c.relname = ANY ($3::text[]::name[]) OR n.nspname = $4::name
ORDER BY c.oid <> $1, 1 LIMIT 1
