SELECT quote_ident(pg_get_userbyid(f.proowner)::text) AS role, quote_ident(n.nspname::text) AS work,
has_schema_privilege(f.proowner, n.oid, 'USAGE') AS may_use,
string_agg(t.relation, ', ' ORDER BY t.relation) FILTER (WHERE t.is_written) AS written,
string_agg(t.relation, ', ' ORDER BY t.relation) FILTER (WHERE NOT t.is_written) AS read
FROM pg_catalog.pg_proc AS f JOIN pg_catalog.pg_namespace AS n ON n.oid = f.pronamespace
LEFT JOIN LATERAL (SELECT m.relname <> ALL ($4::name[]) AS is_written, quote_ident(n.nspname::text) || '.' || quote_ident(m.relname::text) AS relation
  FROM pg_catalog.pg_class AS m WHERE m.relnamespace = n.oid AND m.relname = ANY ($3::name[])
  AND NOT (has_table_privilege(f.proowner, m.oid, 'SELECT') AND (m.relname = ANY ($4::name[]) OR has_table_privilege(f.proowner, m.oid, 'INSERT')))) AS t ON true
WHERE n.nspname = $1::name AND f.proname = $2::name AND f.prosecdef AND EXISTS (SELECT FROM pg_catalog.pg_trigger AS g WHERE g.tgfoid = f.oid)
GROUP BY 1, 2, 3
