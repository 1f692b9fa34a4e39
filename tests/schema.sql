-- Everything that the extension owns, one row a fact, without OIDs and without the version: two databases that
-- give the same rows have the same SQL surface.
WITH member AS (
    SELECT d.classid, d.objid, i.type, i.identity
    FROM pg_depend d
    JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'pg_regime'
    CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) i
    WHERE d.deptype = 'e'
), relation AS (
    SELECT c.oid, c.relkind, c.relacl, c.relrowsecurity, m.identity
    FROM member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
), fact(kind, object, value) AS (
    SELECT type, identity, '' FROM member
    UNION ALL
    SELECT 'definition', m.identity, pg_get_functiondef(p.oid)
    FROM member m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid WHERE p.prokind <> 'a'
    UNION ALL
    SELECT 'aggregate', m.identity, to_jsonb(a)::text
    FROM member m JOIN pg_aggregate a ON m.classid = 'pg_proc'::regclass AND m.objid = a.aggfnoid
    UNION ALL
    SELECT 'privileges', m.identity, p.proacl::text
    FROM member m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
    UNION ALL
    SELECT 'privileges', identity, concat_ws(' ', relacl, relrowsecurity) FROM relation
    UNION ALL
    SELECT 'view', identity, pg_get_viewdef(oid) FROM relation WHERE relkind IN ('v', 'm')
    UNION ALL
    -- by name: columns that an upgrade added stand last, and that is no difference
    SELECT 'column', identity || '.' || attname,
           concat_ws(' ', format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'NOT NULL' END, pg_get_expr(adbin, adrelid))
    FROM relation JOIN pg_attribute ON attrelid = relation.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    UNION ALL
    SELECT 'constraint', identity || '.' || conname, pg_get_constraintdef(c.oid)
    FROM relation JOIN pg_constraint c ON conrelid = relation.oid
    UNION ALL
    SELECT 'index', identity, pg_get_indexdef(indexrelid) FROM relation JOIN pg_index ON indrelid = relation.oid
    UNION ALL
    SELECT 'trigger', identity, concat_ws(' ', pg_get_triggerdef(t.oid), tgenabled)
    FROM relation JOIN pg_trigger t ON tgrelid = relation.oid AND NOT tgisinternal
    UNION ALL
    SELECT 'comment', m.identity || coalesce('.' || attname, ''), description
    FROM member m JOIN pg_description d ON (d.classoid, d.objoid) = (m.classid, m.objid)
    LEFT JOIN pg_attribute ON m.classid = 'pg_class'::regclass AND attrelid = m.objid AND attnum = d.objsubid AND attnum > 0
    UNION ALL
    SELECT 'dumped', config::regclass::text, condition
    FROM pg_extension, unnest(extconfig, extcondition) AS u(config, condition) WHERE extname = 'pg_regime'
    UNION ALL
    SELECT 'extension', extname, concat_ws(' ', extnamespace::regnamespace, extrelocatable) FROM pg_extension WHERE extname = 'pg_regime'
)
SELECT kind, object, translate(value, E'\n\t', '  ') FROM fact ORDER BY 1, 2, 3
