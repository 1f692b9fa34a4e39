-- Every object of the extension and of its output tables says in a comment what it is for.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT i.type, i.identity FROM pg_depend d
JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'pg_regime'
CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) i
WHERE d.deptype = 'e' AND i.identity NOT LIKE '%[]' -- array types come with their element type
    AND obj_description(d.objid, d.classid::regclass::name) IS NULL
    -- a row type is described by its table
    AND NOT EXISTS (SELECT FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid
        WHERE d.classid = 'pg_type'::regclass AND t.oid = d.objid AND c.relkind <> 'c')
ORDER BY 1, 2;
CREATE TABLE made AS SELECT relation FROM regime_setup();
SELECT relation FROM made WHERE obj_description(to_regclass(relation), 'pg_class') IS NULL AND obj_description(to_regnamespace(relation), 'pg_namespace') IS NULL;
SELECT attrelid::regclass, attname FROM pg_attribute
WHERE attrelid IN (SELECT oid FROM pg_class WHERE relkind = 'r' AND oid::regclass::text ~ '^((regime_work\.)?(cmc|market)_(regime|state)|regime_)')
    AND attnum > 0 AND NOT attisdropped AND col_description(attrelid, attnum) IS NULL ORDER BY 1, 2;
SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE NOT tgisinternal AND obj_description(oid, 'pg_trigger') IS NULL;
-- So do the functions that mark changes, which are made where tracking begins.
SELECT count(*) AS tracked FROM regime_track() WHERE action = 'now tracked';
SELECT count(*) AS functions, count(obj_description(oid, 'pg_proc')) AS described FROM pg_proc
    WHERE proname LIKE 'cmc\_regime\_mark\_%';
-- Comments are sentences for a reader: none is empty, none is a copy of a name.
SELECT objoid, objsubid, description FROM pg_description WHERE classoid = 'pg_class'::regclass AND objoid >= 16384
    AND length(description) < 4;
