{tree}SELECT w.what, w.name, pg_catalog.quote_ident(n.nspname::text) || '.' || pg_catalog.quote_ident(c.relname::text) AS relation FROM (
SELECT 'trigger' AS what, t.tgname::text AS name, t.tgrelid AS of {triggers}
UNION ALL SELECT CASE WHEN r.is_instead THEN 'instead' ELSE 'also' END, r.rulename::text, r.ev_class {rules}
UNION ALL SELECT 'restrictive', p.polname::text, p.polrelid FROM pg_catalog.pg_policy p
  WHERE p.polrelid = $1::text::regclass AND NOT p.polpermissive AND pg_catalog.row_security_active(p.polrelid)
UNION ALL SELECT 'security', NULL, $1::text::regclass WHERE pg_catalog.row_security_active($1::text::regclass)) AS w
JOIN pg_catalog.pg_class c ON c.oid = w.of JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace ORDER BY 1, 2, 3
