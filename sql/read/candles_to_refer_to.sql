SELECT has_table_privilege(c.oid, 'REFERENCES') AS may_refer FROM pg_catalog.pg_class c JOIN pg_catalog.pg_index i ON i.indrelid = c.oid
WHERE c.oid = $1::regclass AND c.relkind = 'r' AND NOT c.relispartition AND i.indisunique AND i.indimmediate AND i.indisvalid
AND i.indpred IS NULL AND i.indexprs IS NULL
AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhparent = c.oid)
AND (SELECT pg_catalog.array_agg(quote_ident(a.attname::text) ORDER BY quote_ident(a.attname::text)) FROM pg_catalog.pg_attribute a
  WHERE a.attrelid = c.oid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]))
= (SELECT pg_catalog.array_agg(k ORDER BY k) FROM pg_catalog.unnest($2::text[]) AS k)
AND EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND quote_ident(a.attname::text) = $3
  AND a.atttypid = 'timestamptz'::regtype) LIMIT 1
