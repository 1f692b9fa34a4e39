WITH own AS (SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) AS w (schema, relation)
  ON n.nspname = w.schema::name AND c.relname = w.relation::name)
SELECT o.name, false AS is_sequence, has_table_privilege(o.oid, 'SELECT') AS may_read FROM own o
WHERE NOT (has_table_privilege(o.oid, 'SELECT') AND has_table_privilege(o.oid, 'INSERT')
  AND has_table_privilege(o.oid, 'UPDATE') AND has_table_privilege(o.oid, 'DELETE'))
UNION ALL SELECT format('%I.%I', n.nspname, s.relname), true, true FROM own o
JOIN pg_catalog.pg_attribute a ON a.attrelid = o.oid AND a.attidentity = 'd'
JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = a.attrelid
  AND d.refobjsubid = a.attnum AND d.classid = d.refclassid AND d.deptype = 'i'
JOIN pg_catalog.pg_class s ON s.oid = d.objid
JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace
WHERE CASE s.relkind WHEN 'S' THEN NOT has_sequence_privilege(s.oid, 'USAGE, UPDATE') END ORDER BY 1
