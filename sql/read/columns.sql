SELECT a.attrelid, a.attnum::int, a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type_name, a.atttypid, a.atttypmod,
c.collname::text AS collation, coalesce(c.collisdeterministic, true) AS is_deterministic, t.typcategory = 'S' AS is_text,
a.attnotnull, a.atthasdef OR a.attidentity <> '' AS is_filled, a.attgenerated <> '' AS is_generated, a.attidentity = 'a' AS is_identity,
coalesce(has_column_privilege(a.attrelid, a.attnum, 'SELECT'), true) AS may_read,
coalesce(has_column_privilege(a.attrelid, a.attnum, 'UPDATE'), true) AS may_update
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_collation c ON c.oid = a.attcollation
WHERE a.attrelid = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum
