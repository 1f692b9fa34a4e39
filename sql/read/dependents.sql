WITH RECURSIVE cols AS (
    SELECT a.attnum, a.attinhcount FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1 AND a.attname::text = ANY ($2)
), direct AS (
    SELECT DISTINCT d.classid, d.objid FROM pg_catalog.pg_depend d JOIN cols ON d.refobjsubid = cols.attnum
    WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = $1
), readers AS (
    SELECT r.ev_class AS oid, 1 AS depth, r.rulename = '_RETURN'::name AS is_view
    FROM direct JOIN pg_catalog.pg_rewrite r ON r.oid = direct.objid WHERE direct.classid = 'pg_catalog.pg_rewrite'::regclass
    UNION
    SELECT r.ev_class, readers.depth + 1, r.rulename = '_RETURN'::name
    FROM readers JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = readers.oid
        AND d.classid = 'pg_catalog.pg_rewrite'::regclass
    JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid WHERE r.ev_class <> readers.oid AND readers.depth < 100
), views AS (
    SELECT c.oid, pg_catalog.max(readers.depth) AS depth,
        quote_ident(n.nspname::text) || '.' || quote_ident(c.relname::text) AS name,
        pg_catalog.regexp_replace(pg_catalog.pg_get_viewdef(c.oid), '\s*\n\s*', ' ', 'g') AS def,
        pg_catalog.bool_and(readers.is_view) AND c.relkind = 'v'::"char"
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid)
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN'::name)
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_attrdef d WHERE d.adrelid = c.oid)
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_description d
            WHERE d.classoid = 'pg_catalog.pg_class'::regclass AND d.objoid = c.oid AND d.objsubid <> 0)
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL)
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
            WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'::"char")
        -- Functions and tables of the view or its type.
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.deptype = 'n'::"char" AND d.classid <> 'pg_catalog.pg_rewrite'::regclass
            AND ((d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = c.oid)
                OR (d.refclassid = 'pg_catalog.pg_type'::regclass AND d.refobjid IN (c.reltype,
                    (SELECT t.typarray FROM pg_catalog.pg_type t WHERE t.oid = c.reltype)))))
        -- A line that ends within a text.
        AND NOT EXISTS (SELECT FROM pg_catalog.regexp_split_to_table(pg_catalog.pg_get_viewdef(c.oid), '\n') AS l (line)
            WHERE (pg_catalog.length(line) - pg_catalog.length(pg_catalog.replace(line, '''', ''))) % 2 = 1) AS is_plain
    FROM readers JOIN pg_catalog.pg_class c ON c.oid = readers.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    GROUP BY c.oid, n.nspname
)
SELECT v.name, false AS is_index, CASE WHEN v.is_plain THEN 'DROP VIEW ' || v.name || ';' END AS before,
    'CREATE VIEW ' || v.name || COALESCE(' WITH (' || pg_catalog.array_to_string(c.reloptions, ', ') || ')', '') || ' AS' || v.def
    || CASE WHEN pg_catalog.pg_get_userbyid(c.relowner) = current_user THEN ''
        ELSE ' ALTER VIEW ' || v.name || ' OWNER TO ' || quote_ident(pg_catalog.pg_get_userbyid(c.relowner)::text) || ';' END
    || COALESCE(' COMMENT ON VIEW ' || v.name || ' IS ' || quote_literal(pg_catalog.obj_description(c.oid, 'pg_class'::name)) || ';', '')
    || COALESCE((SELECT pg_catalog.string_agg(' GRANT ' || x.privilege_type || ' ON ' || v.name || ' TO '
            || CASE x.grantee WHEN 0::oid THEN 'PUBLIC' ELSE quote_ident(pg_catalog.pg_get_userbyid(x.grantee)::text) END
            || CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END || ';', '' ORDER BY x.grantee, x.privilege_type)
        FROM pg_catalog.aclexplode(c.relacl) AS x WHERE x.grantee <> c.relowner), '') AS after,
    1 AS place, v.depth
FROM views v JOIN pg_catalog.pg_class c ON c.oid = v.oid
UNION ALL
SELECT quote_ident(n.nspname::text) || '.' || quote_ident(c.relname::text), true,
    CASE WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = c.oid)
        THEN 'DROP INDEX ' || quote_ident(n.nspname::text) || '.' || quote_ident(c.relname::text) || ';' END, NULL, 2, 0
FROM direct JOIN pg_catalog.pg_index i ON i.indexrelid = direct.objid JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE direct.classid = 'pg_catalog.pg_class'::regclass AND EXISTS (SELECT FROM pg_catalog.unnest($2) AS u (name)
    WHERE pg_catalog.concat_ws(' ', pg_catalog.pg_get_expr(i.indexprs, i.indrelid), pg_catalog.pg_get_expr(i.indpred, i.indrelid)) ~ ('\y' || u.name || '\y'))
UNION ALL
SELECT pg_catalog.pg_describe_object(direct.classid, direct.objid, 0), false, NULL, NULL, 3, 0
FROM direct WHERE direct.classid IN ('pg_catalog.pg_trigger'::regclass, 'pg_catalog.pg_policy'::regclass,
    'pg_catalog.pg_publication_rel'::regclass, 'pg_catalog.pg_proc'::regclass)
UNION ALL
SELECT DISTINCT 'the generated column ' || quote_ident(a.attname::text), false, NULL, NULL, 3, 0
FROM pg_catalog.pg_depend d JOIN cols ON d.refobjsubid = cols.attnum
JOIN pg_catalog.pg_attribute a ON a.attrelid = $1 AND a.attgenerated <> ''::"char" AND a.attnum <> cols.attnum
LEFT JOIN pg_catalog.pg_attrdef f ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND f.oid = d.objid
WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = $1
    AND (f.adnum = a.attnum OR (d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = $1 AND d.objsubid = a.attnum))
UNION ALL
SELECT 'the partition key', false, NULL, NULL, 3, 0 FROM pg_catalog.pg_partitioned_table p
WHERE p.partrelid = $1 AND EXISTS (SELECT FROM cols WHERE cols.attnum = ANY ((p.partattrs::int2[])[0:p.partnatts - 1]))
UNION ALL
SELECT 'the parent table', false, NULL, NULL, 3, 0 FROM cols WHERE cols.attinhcount > 0
ORDER BY 5, 6 DESC, 1
