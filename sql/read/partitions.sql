WITH RECURSIVE part AS (
  SELECT $1::text::regclass::oid AS oid, '-infinity'::{kind} AS lower, 'infinity'::{kind} AS upper, false AS is_default, true AS by_time
  UNION ALL SELECT i.inhrelid,
    CASE WHEN a.attname = $2::name THEN greatest(part.lower, substring(b.bound FROM '^FOR VALUES FROM [(]''([^'']*)''')::{kind}) ELSE part.lower END,
    CASE WHEN a.attname = $2::name THEN least(part.upper, substring(b.bound FROM ' TO [(]''([^'']*)''[)]$')::{kind}) ELSE part.upper END,
    part.is_default OR coalesce(a.attname = $2::name AND b.bound = 'DEFAULT', false),
    part.by_time AND coalesce(a.attname = $2::name, false)
  FROM part JOIN pg_catalog.pg_inherits i ON i.inhparent = part.oid JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
  CROSS JOIN LATERAL (SELECT pg_catalog.pg_get_expr(c.relpartbound, c.oid) AS bound) AS b
  JOIN pg_catalog.pg_partitioned_table t ON t.partrelid = part.oid
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = part.oid AND a.attnum = t.partattrs[0] AND t.partstrat = 'r' AND t.partnatts = 1)
SELECT part.lower::text AS lower, part.upper::text AS upper, part.is_default, part.by_time,
  pg_catalog.pg_get_partition_constraintdef(part.oid) AS condition
FROM part JOIN pg_catalog.pg_class c ON c.oid = part.oid WHERE c.relkind <> 'p'
