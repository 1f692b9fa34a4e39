SELECT s.range_start - 946684800000000 AS start FROM _timescaledb_catalog.hypertable h
JOIN pg_catalog.pg_namespace n ON n.nspname = h.schema_name
JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = h.table_name
JOIN _timescaledb_catalog.dimension d ON d.hypertable_id = h.id AND d.column_type = 'timestamptz'::regtype
JOIN _timescaledb_catalog.dimension_slice s ON s.dimension_id = d.id
WHERE c.oid = pg_catalog.to_regclass($1) AND s.range_start > 0
ORDER BY s.range_start
