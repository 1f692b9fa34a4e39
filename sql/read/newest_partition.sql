SELECT CASE WHEN NOT bool_or(pg_catalog.pg_get_expr(c.relpartbound, c.oid) LIKE '% TO (MAXVALUE)') THEN
  max(substring(pg_catalog.pg_get_expr(c.relpartbound, c.oid) FROM ' TO [(]''([^'']*)''')::{kind})::text END
FROM pg_catalog.pg_partitioned_table t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.partrelid AND a.attnum = t.partattrs[0]
JOIN pg_catalog.pg_inherits i ON i.inhparent = t.partrelid JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
WHERE t.partrelid = $1::text::regclass AND t.partstrat = 'r' AND t.partnatts = 1 AND a.attname = $2::name
