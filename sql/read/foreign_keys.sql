SELECT t.oid, quote_ident(n.nspname::text) || '.' || quote_ident(c.relname::text) AS of_table, quote_ident(k.conname::text) AS name,
ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.oid
  AND ((k.conrelid = t.oid AND a.attnum = ANY (k.conkey)) OR (k.confrelid = t.oid AND a.attnum = ANY (k.confkey)))) AS columns,
(SELECT pg_catalog.format_type(a.atttypid, NULL) || ' with ' || pg_catalog.format_type(b.atttypid, NULL)
  FROM ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey)) AS x (a, b)
  JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = x.a
  JOIN pg_catalog.pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = x.b
  WHERE a.atttypid <> b.atttypid AND 'timestamptz'::regtype IN (a.atttypid, b.atttypid) LIMIT 1) AS compares
FROM pg_catalog.unnest($1) AS t (oid) JOIN pg_catalog.pg_constraint k ON t.oid IN (k.conrelid, k.confrelid)
JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype = 'f' AND k.conparentid = 0::oid ORDER BY k.oid
