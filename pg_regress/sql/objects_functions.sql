-- What the planner may do with each function: labelling arrays is pure, readers are stable, and what writes is neither
-- repeated nor run in parallel. A pure function must not be STRICT by accident: atr may be NULL.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT p.oid::regprocedure AS function,
    CASE provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END AS volatility,
    CASE proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END AS parallel, prosecdef AS definer,
        proretset AS rows
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension e ON d.refobjid = e.oid AND e.extname = 'pg_regime'
WHERE prolang = (SELECT oid FROM pg_language WHERE lanname = 'c')
ORDER BY p.oid::regprocedure::text COLLATE "C";
-- Order-dependent folds over rows would be wrong in parallel.
SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e'
    JOIN pg_extension e ON d.refobjid = e.oid AND extname = 'pg_regime'
WHERE prokind = 'a' AND proparallel <> 'u';
-- Argument names are a promise: users call by them.
SELECT proname, proargnames[1:pronargs] AS arguments, pronargdefaults AS with_default FROM pg_proc p
JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
    JOIN pg_extension e ON d.refobjid = e.oid AND extname = 'pg_regime'
WHERE prolang = (SELECT oid FROM pg_language WHERE lanname = 'c')
ORDER BY proname COLLATE "C", p.oid::regprocedure::text COLLATE "C";
SELECT proname, pg_get_function_result(oid) FROM pg_proc WHERE proname IN ('refresh_cmc_regimes', 'regime_compute',
    'resolve_policy', 'regime_label_daily', 'regime_version_hash', 'regime_load_policy', 'regime_build_inputs', 'regime_demo',
    'regime_track', 'regime_explain', 'regime_status', 'regime_health', 'regime_round_begin', 'regime_round_next', 'regime_round_end')
    AND prolang = (SELECT oid FROM pg_language WHERE lanname = 'c')
ORDER BY proname COLLATE "C", oid::regprocedure::text COLLATE "C";
-- What is not in C: the procedure, which commits and so may have no settings of its own. For functions in SQL see symbols.
SELECT proname, CASE prokind WHEN 'p' THEN 'procedure' ELSE 'function' END AS kind, lanname, prosecdef AS definer, proconfig,
    proargnames[1:pronargs] AS arguments, pronargdefaults AS with_default
FROM pg_proc p JOIN pg_language l ON l.oid = prolang AND lanname NOT IN ('c', 'sql')
JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
    JOIN pg_extension e ON d.refobjid = e.oid AND extname = 'pg_regime'
ORDER BY proname COLLATE "C";
-- The four columns lists agree: what is stored, computed and read back.
SELECT count(*) > 0 AS made FROM regime_setup();
CREATE TABLE computed AS SELECT * FROM regime_compute(1) WHERE false;
CREATE TABLE read AS SELECT * FROM regime_at(1, now()) WHERE false;
SELECT t.table_name, c.ordinal_position, c.column_name, t.column_name, t.data_type, c.data_type
    FROM information_schema.columns c
FULL JOIN information_schema.columns t ON t.ordinal_position = c.ordinal_position AND t.table_name IN ('computed', 'read')
WHERE c.table_name = 'cmc_regimes' AND (c.column_name, c.data_type) IS DISTINCT FROM (t.column_name, t.data_type) ORDER BY 1, 2;
