given AS (SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, c.relowner FROM referring r
  JOIN pg_catalog.pg_class c USING (oid) JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace),
uses_of_tables AS (SELECT DISTINCT g.name, f.refclassid, f.refobjid FROM given g
  JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = g.oid AND d.deptype IN ('a', 'i')
  JOIN pg_catalog.pg_depend f ON f.classid = d.classid AND f.objid = d.objid AND f.refobjid >= 16384::oid),
columns AS (SELECT g.name, a.attname, t.oid FROM given g
  JOIN pg_catalog.pg_attribute a ON a.attrelid = g.oid AND a.attnum > 0
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid AND t.typtype = 'd'),
-- Domains of columns and in expressions, and the domains beneath these: a value passes the constraints of all.
domains AS (SELECT c.name, c.oid FROM columns c
  UNION SELECT u.name, u.refobjid FROM uses_of_tables u WHERE u.refclassid = 'pg_catalog.pg_type'::regclass
  UNION SELECT d.name, t.typbasetype FROM domains d JOIN pg_catalog.pg_type t ON t.oid = d.oid AND t.typtype = 'd'),
uses AS (SELECT u.name, u.refclassid, u.refobjid, 1 AS place FROM uses_of_tables u
  UNION SELECT d.name, f.refclassid, f.refobjid, 2 FROM domains d JOIN pg_catalog.pg_depend f ON f.refobjid >= 16384::oid
    AND (f.classid = 'pg_catalog.pg_type'::regclass AND f.objid = d.oid
      OR f.classid = 'pg_catalog.pg_constraint'::regclass AND f.objid IN (SELECT k.oid FROM pg_catalog.pg_constraint k WHERE k.contypid = d.oid))),
functions AS (SELECT u.name, u.refobjid AS oid, u.place FROM uses u WHERE u.refclassid = 'pg_catalog.pg_proc'::regclass
  UNION SELECT u.name, o.oprcode::oid, u.place FROM uses u JOIN pg_catalog.pg_operator o ON o.oid = u.refobjid
  WHERE u.refclassid = 'pg_catalog.pg_operator'::regclass),
used AS (SELECT f.name, format('%I.%I', n.nspname, p.proname)
    || format('(%s)', pg_catalog.pg_get_function_identity_arguments(p.oid)) AS function, p.proowner, f.place
  FROM functions f JOIN pg_catalog.pg_proc p ON p.oid = f.oid JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace)
SELECT format('function %s, which table %s uses,', function, name) AS what,
  format('DROP FUNCTION %s CASCADE;', function) AS remedy, proowner::int8 AS owner, place FROM used
UNION ALL SELECT format('table %s, whose foreign key follows its rows,', g.name), format('DROP TABLE %s;', g.name), g.relowner::int8, 1
FROM given g WHERE g.oid <> ALL ($1)
UNION ALL SELECT format('type %s, which table %s uses,', pg_catalog.format_type(t.oid, NULL), u.name),
  format('DROP TYPE %s CASCADE;', pg_catalog.format_type(t.oid, NULL)), t.typowner::int8, u.place
FROM uses u JOIN pg_catalog.pg_type t ON t.oid = u.refobjid AND u.refclassid = 'pg_catalog.pg_type'::regclass
UNION ALL SELECT format('domain %I.%I, which table %s uses,', n.nspname, t.typname, c.name),
  format('ALTER TABLE %s ALTER COLUMN %I TYPE %s;', c.name, c.attname, pg_catalog.format_type(t.typbasetype, t.typtypmod)),
  t.typowner::int8, 1
FROM columns c JOIN pg_catalog.pg_type t ON t.oid = c.oid JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
ORDER BY 4, 1
