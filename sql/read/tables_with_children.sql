WITH RECURSIVE part AS (SELECT t.oid FROM pg_catalog.unnest($1) AS t (oid)
  UNION SELECT x.oid FROM part p CROSS JOIN LATERAL (
    SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = p.oid
    -- What an updatable view reads, and what a rule of a statement that writes names.
    UNION ALL SELECT d.refobjid FROM pg_catalog.pg_class v JOIN pg_catalog.pg_rewrite r ON r.ev_class = v.oid
      JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
        AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid >= 16384::oid
      WHERE v.oid = p.oid
        AND CASE WHEN r.ev_type <> '1' THEN true WHEN v.relkind = 'v' THEN pg_relation_is_updatable(v.oid, false) <> 0 END) AS x (oid))
SELECT c.oid::int8, format('%I.%I', n.nspname, c.relname) AS relation FROM part p
JOIN pg_catalog.pg_class c USING (oid) JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace ORDER BY 2
