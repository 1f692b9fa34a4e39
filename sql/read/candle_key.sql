SELECT quote_ident(n.nspname::text) || '.' || quote_ident(r.relname::text) AS target,
(SELECT pg_catalog.array_agg(quote_ident(a.attname::text) ORDER BY k.n)
FROM pg_catalog.unnest(c.confkey) WITH ORDINALITY AS k (attnum, n)
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.attnum) AS key, c.confupdtype = 'c' AS follows
FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_class r ON r.oid = c.confrelid
JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
WHERE c.conrelid = $1::regclass AND c.contype = 'f' AND c.conname = $2::name
