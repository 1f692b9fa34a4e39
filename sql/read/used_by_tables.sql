given AS (SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, c.relowner FROM referring r
  JOIN pg_catalog.pg_class c USING (oid) JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace),
uses AS (SELECT DISTINCT g.name, f.refclassid, f.refobjid FROM given g
  JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = g.oid AND d.deptype IN ('a', 'i')
  JOIN pg_catalog.pg_depend f ON f.classid = d.classid AND f.objid = d.objid AND f.refobjid >= 16384::oid),
functions AS (SELECT u.name, u.refobjid AS oid FROM uses u WHERE u.refclassid = 'pg_catalog.pg_proc'::regclass
  UNION SELECT u.name, o.oprcode::oid FROM uses u JOIN pg_catalog.pg_operator o ON o.oid = u.refobjid
  WHERE u.refclassid = 'pg_catalog.pg_operator'::regclass),
used AS (SELECT f.name, format('%I.%I', n.nspname, p.proname)
    || format('(%s)', pg_catalog.pg_get_function_identity_arguments(p.oid)) AS function, p.proowner
  FROM functions f JOIN pg_catalog.pg_proc p ON p.oid = f.oid JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace)
SELECT format('function %s, which table %s uses,', function, name) AS what,
  format('DROP FUNCTION %s CASCADE;', function) AS remedy, proowner::int8 AS owner FROM used
UNION ALL SELECT format('table %s, whose foreign key follows its rows,', g.name), format('DROP TABLE %s;', g.name), g.relowner::int8
FROM given g WHERE g.oid <> ALL ($1)
UNION ALL SELECT format('type %s, which table %s uses,', pg_catalog.format_type(t.oid, NULL), u.name),
  format('DROP TYPE %s CASCADE;', pg_catalog.format_type(t.oid, NULL)), t.typowner::int8
FROM uses u JOIN pg_catalog.pg_type t ON t.oid = u.refobjid AND u.refclassid = 'pg_catalog.pg_type'::regclass
UNION ALL SELECT format('domain %I.%I, which table %s uses,', n.nspname, t.typname, g.name),
  format('ALTER TABLE %s ALTER COLUMN %I TYPE %s;', g.name, a.attname, pg_catalog.format_type(t.typbasetype, t.typtypmod)),
  t.typowner::int8
FROM given g JOIN pg_catalog.pg_attribute a ON a.attrelid = g.oid AND a.attnum > 0
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid AND t.typtype = 'd' JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
ORDER BY 1
