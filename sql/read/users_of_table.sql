WITH RECURSIVE reading AS (
    SELECT pg_catalog.to_regclass($1)::oid AS oid, 0 AS depth
    UNION
    SELECT r.ev_class, reading.depth + 1
    FROM reading JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = reading.oid
        AND d.classid = 'pg_catalog.pg_rewrite'::regclass
    JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid WHERE r.ev_class <> reading.oid AND reading.depth < 100
), named AS (
    SELECT c.oid, c.relkind, reading.depth, quote_ident(n.nspname::text) || '.' || quote_ident(c.relname::text) AS name
    FROM (SELECT oid, pg_catalog.max(depth) AS depth FROM reading WHERE depth > 0 GROUP BY 1) AS reading
    JOIN pg_catalog.pg_class c ON c.oid = reading.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = ANY ('{v,m}'::"char"[])
)
SELECT depth, CASE relkind WHEN 'm' THEN 'materialized view ' ELSE 'view ' END || name AS what,
    CASE relkind WHEN 'm' THEN 'DROP MATERIALIZED VIEW ' ELSE 'DROP VIEW ' END || name AS drop
FROM named
UNION ALL
SELECT 0, 'foreign key ' || quote_ident(k.conname::text) || ' of ' || quote_ident(n.nspname::text) || '.' || quote_ident(c.relname::text),
    'ALTER TABLE ' || quote_ident(n.nspname::text) || '.' || quote_ident(c.relname::text) || ' DROP CONSTRAINT ' || quote_ident(k.conname::text)
FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype = 'f' AND k.conparentid = 0 AND k.confrelid = pg_catalog.to_regclass($1) AND k.conrelid <> k.confrelid
ORDER BY 1 DESC, 2
