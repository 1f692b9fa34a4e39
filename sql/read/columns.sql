SELECT a.attrelid, a.attnum::int, a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type_name, a.atttypid, a.atttypmod,
c.collname::text AS collation, coalesce(c.collisdeterministic, true) AS is_deterministic, t.typcategory = 'S' AS is_text,
a.attnotnull, a.atthasdef OR a.attidentity <> '' AS is_filled, a.attgenerated <> '' AS is_generated, a.attidentity = 'a' AS is_identity,
coalesce(has_column_privilege(a.attrelid, a.attnum, 'SELECT'), true) AS may_read,
coalesce(has_column_privilege(a.attrelid, a.attnum, 'UPDATE'), true) AS may_update
FROM pg_catalog.pg_attribute a
CROSS JOIN LATERAL (SELECT y.typcategory FROM pg_catalog.pg_type y WHERE y.oid = a.atttypid OFFSET 0) AS t
LEFT JOIN LATERAL (SELECT o.collname, o.collisdeterministic FROM pg_catalog.pg_collation o WHERE o.oid = a.attcollation OFFSET 0) AS c ON true
WHERE a.attrelid = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum
