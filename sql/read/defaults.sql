SELECT a.attname::text AS name, a.atttypid = 'timestamp'::regtype AS is_local,
pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS expr FROM pg_catalog.pg_attrdef d
JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
WHERE d.adrelid = $1 AND a.attname::text = ANY ($2) AND a.attgenerated = ''::"char"
