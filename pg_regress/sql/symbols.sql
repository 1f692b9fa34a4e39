-- What takes an asset takes its id or its symbol, and gives the same.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
-- Whichever tables the map names.
SET pg_regime.market_proxy_id = 1;
-- An asset is one argument, of a type to which ids and symbols are cast. A refresh has further forms for one asset.
SELECT proname, proargnames[1] AS first, array_agg(format_type(proargtypes[0], NULL) ORDER BY format_type(proargtypes[0], NULL)) AS types
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension e ON d.refobjid = e.oid AND e.extname = 'pg_regime'
WHERE proargnames[1] ~ '^(asset|id|symbol)' AND proname ~ 'regime_|cmc' AND proname !~ 'market' GROUP BY 1, 2 ORDER BY 1, 2;
COPY (SELECT 1::regime_asset_ref AS id, 'A'::regime_asset_ref AS symbol) TO STDOUT (FORMAT csv, HEADER);

-- Refreshing, one and several.
SELECT :summary FROM refresh_cmc_regimes('YOUNG');
SELECT :summary FROM refresh_cmc_regimes(asset => 'young', cal_scheme => 'us', hysteresis => false, dry_run => true);
SELECT :summary FROM refresh_cmc_regimes(ARRAY['NEW', 'proxy', '2', 'YOUNG']);
SELECT :summary FROM refresh_cmc_regimes(assets => '{NEW,2}', dry_run => true);
SELECT :summary FROM refresh_cmc_regimes(NULL::text[]);
SELECT :summary FROM refresh_cmc_regimes('{}'::text[]);
SELECT :summary FROM refresh_cmc_regimes('{NEW,NULL}'::text[]);
SELECT :summary FROM refresh_cmc_regimes('{NEW,NEU}'::text[]);
SELECT :summary FROM refresh_cmc_regimes('GOON');
SELECT :summary FROM refresh_cmc_regimes(NULL::text);
-- An asset that fails does not stop the others, here either.
BEGIN;
UPDATE cmc_price_bars_multi_tf SET close = 'NaN' WHERE id = 2 AND bar_seq = 10;
SELECT :how FROM refresh_cmc_regimes(ARRAY['PROXY', 'YOUNG']);
ROLLBACK;
BEGIN READ ONLY;
SELECT id, status FROM refresh_cmc_regimes('NEW', dry_run => true);
SELECT id, status FROM refresh_cmc_regimes('NEW');
ROLLBACK;

-- What worked before means what it meant.
SELECT id FROM refresh_cmc_regimes(1);
SELECT id FROM refresh_cmc_regimes(1::smallint);
SELECT id FROM refresh_cmc_regimes(ARRAY[1]);
SELECT id FROM refresh_cmc_regimes(assets => '{1,2}');
SELECT id FROM refresh_cmc_regimes(asset => '1');
SELECT id FROM refresh_cmc_regimes();
SELECT id, status FROM refresh_cmc_regimes(dry_run => true);
SELECT id FROM refresh_cmc_regimes(NULL::int[]);
-- A literal without a type is a name: of an id, too, but not of several.
SELECT id FROM refresh_cmc_regimes('1');
SELECT id FROM refresh_cmc_regimes('{1,2}');
-- A NULL asset is none, and not all of them, of any type or none; a NULL list is all.
SELECT id, status FROM refresh_cmc_regimes(NULL);
PREPARE refresh AS SELECT id FROM refresh_cmc_regimes($1);
EXECUTE refresh(NULL);
SELECT id FROM refresh_cmc_regimes(NULL::int);
SELECT r.id FROM (VALUES ('NEW'), (NULL)) AS list (symbol) LEFT JOIN dim_assets d USING (symbol), refresh_cmc_regimes(d.symbol, dry_run => true) r;
SELECT id FROM refresh_cmc_regimes(assets => NULL, only_dirty => false, policy => NULL, full_refresh => NULL);
SELECT id FROM regime_at('1', '2024-12-31');
SELECT regime_at(NULL, '2024-12-31');
SELECT regime_explain(NULL);
SELECT count(DISTINCT id) FROM regime_periods(NULL);
PREPARE of AS SELECT id FROM regime_at($1, '2024-12-31');
EXECUTE of('2');
EXECUTE of('YOUNG');
SELECT id FROM regime_at(1::bigint, '2024-12-31');
SELECT id FROM refresh_cmc_regimes(ARRAY[1::bigint]);
SELECT id FROM refresh_cmc_regimes(ARRAY[1::smallint, 2::smallint]);
SELECT id FROM refresh_cmc_regimes(ARRAY['2'::varchar, 'NEW']);
SELECT id FROM refresh_cmc_regimes(1::bigint);
SELECT id FROM refresh_cmc_regimes(4294967297);
-- What did not, does not.
SELECT id FROM regime_at(1.0, '2024-12-31');

-- Columns of whatever type an id or a symbol has.
SELECT 'YOUNG'::regime_asset_ref, 2::smallint::regime_asset_ref, 2::regime_asset_ref, 2::bigint::regime_asset_ref, 'YOUNG'::varchar::regime_asset_ref, 'YOUNG'::char(9)::regime_asset_ref, 'YOUNG'::name::regime_asset_ref;
SELECT v.given, r.id FROM dim_assets d CROSS JOIN LATERAL (SELECT 'int2' AS given, id FROM regime_at(d.id::int2, '2024-06-30') UNION ALL SELECT 'int8', id FROM regime_at(d.id::int8, '2024-06-30')
    UNION ALL SELECT 'varchar', id FROM regime_at(d.symbol::varchar, '2024-06-30') UNION ALL SELECT 'char', id FROM regime_at(d.symbol::char(12), '2024-06-30') UNION ALL SELECT 'name', id FROM regime_at(d.symbol::name, '2024-06-30')) AS v
CROSS JOIN LATERAL (SELECT v.id) AS r WHERE d.symbol = 'YOUNG';
-- A symbol is no id, whatever it looks like, wherever it is given.
BEGIN;
INSERT INTO dim_assets VALUES (11, '#2'), (12, '600519');
SELECT regime_asset('#2') AS by_name, a.id AS by_column, b.id AS by_literal, c.id AS of_number FROM dim_assets d, regime_at(d.symbol, '2024-12-31') a, regime_at('#2', '2024-12-31') b, regime_at('600519', '2024-12-31') c WHERE d.id = 11;
SELECT id FROM refresh_cmc_regimes(ARRAY['#2', '600519'], dry_run => true) UNION ALL SELECT id FROM refresh_cmc_regimes('#2', dry_run => true);
ROLLBACK;
SELECT DISTINCT id FROM regime_periods('#2');
SELECT regime_at(5000000000, '2024-12-31');
SELECT regime_at('#x', '2024-12-31');

-- Each gives of a symbol what it gives of the id. In the scheme us NEW is another asset than in iso.
CREATE SCHEMA desk;
CREATE TABLE desk.dim_assets AS SELECT 5 - id AS id, symbol FROM dim_assets;
CREATE VIEW desk.bars AS SELECT * FROM cmc_price_bars_multi_tf;
UPDATE regime_source SET bars_schema = 'desk', bars_table = 'bars' WHERE cal_scheme = 'us' AND layer = 'L2';
CREATE FUNCTION agree(symbol text, id int, call text) RETURNS TABLE (rows bigint, differ bigint) LANGUAGE plpgsql AS $$
DECLARE
    a text := format('(SELECT to_jsonb(x) FROM ' || call || ' x)', quote_literal(symbol));
    b text := format('(SELECT to_jsonb(x) FROM ' || call || ' x)', id);
BEGIN
    RETURN QUERY EXECUTE format('SELECT (SELECT count(*) FROM %2$s b), count(*) FROM ((%1$s EXCEPT ALL %2$s) UNION ALL (%2$s EXCEPT ALL %1$s)) d', a, b);
END $$;
SELECT call, a.* FROM (VALUES
    ('regime_at(%s, ''2024-06-30'', ''1 day'')'), ('regime_gate(%s, ''2024-06-30'', ''hedge'', 2, true, ''1 day'')'),
    ('regime_explain(%s, ''2024-06-30'', min_hold_bars => 5)'), ('regime_compute(%s, min_hold_bars => 5, as_of => ''2024-06-30'')'),
    ('regime_label_daily(%s)'), ('regime_label_weekly(%s, mode => ''lite'')'), ('regime_label_monthly(%s)'),
    ('regime_transition_matrix(%s, ''L2'')'), ('regime_durations(%s, ''L1'')'), ('regime_periods(%s, ''L2'')'),
    ('regime_forward_returns(%s, ''{2}'', ''L2'')'), ('regime_repaint_check(%s, 3)'),
    ('regime_chart_svg(%s, ''2024-02-01'', ''2024-03-01'', ''L2'', 300, 200, false)'), ('regime_timeline(%s, 20, ''L2'')')
) AS v (call), agree('young', 2, call) a;
SELECT call, a.* FROM (VALUES ('regime_explain(%s, cal_scheme => ''us'')'), ('regime_compute(%s, ''us'')'), ('regime_label_daily(%s, ''us'')'),
    ('regime_label_weekly(%s, ''us'')'), ('regime_label_monthly(%s, ''us'')')) AS v (call), agree('NEW', 2, call) a;
SELECT id, status FROM refresh_cmc_regimes('NEW', cal_scheme => 'us', dry_run => true);
SELECT * FROM regime_label_intraday('YOUNG');

-- Whoever names an asset by symbol reads the symbol: in pictures, in what is explained, and in errors.
SELECT substring(regime_chart_svg('young') FROM 'aria-label="[^"]*"') AS title;
SELECT regime_timeline('young', 40);
SELECT step, detail FROM regime_explain('YOUNG') WHERE step = 1;
SELECT regime_chart_svg('NEW', to_ts => '1999-01-01');
SELECT * FROM regime_explain('NEW', '1999-01-01');
SELECT * FROM regime_repaint_check('YOUNG', min_hold_bars => 9);
BEGIN;
UPDATE cmc_price_bars_multi_tf SET close = 'NaN' WHERE id = 2 AND bar_seq = 10;
SAVEPOINT bad;
SELECT count(*) FROM regime_compute('YOUNG');
ROLLBACK TO bad;
SELECT count(*) FROM regime_label_daily('YOUNG');
ROLLBACK TO bad;
SELECT id, status, message FROM refresh_cmc_regimes('YOUNG');
ROLLBACK;
-- A symbol may be of any letters, and is one line in a picture; where none is known, the id is shown.
BEGIN;
UPDATE dim_assets SET symbol = E'A&B<"\\>\tC' WHERE id = 2;
SELECT substring(regime_chart_svg(2) FROM 'aria-label="[^"]*"') AS title, regime_chart_svg(2) ~ '[\t\n\\]' AS unfit;
SELECT split_part(regime_timeline(2, 40), E'\n', 2);
UPDATE dim_assets SET symbol = repeat('長', 60) WHERE id = 2;
SELECT substring(regime_chart_svg(2) FROM 'aria-label="[^"]*"') AS title, split_part(regime_timeline(2, 40), E'\n', 2) AS dates;
UPDATE dim_assets SET symbol = NULL WHERE id = 2;
SELECT substring(regime_chart_svg(2) FROM 'aria-label="[^"]*"') AS title, split_part(regime_timeline(2, 40), E'\n', 2) AS dates;
SELECT detail FROM regime_explain(2) WHERE step = 1;
ROLLBACK;

-- Beside signals, and in the place of the call: no call of a call.
SELECT s.symbol, r.id, r.regime_key FROM (VALUES ('PROXY'), ('2')) AS s (symbol) CROSS JOIN LATERAL regime_at(s.symbol, '2024-12-31') r;
EXPLAIN (VERBOSE, COSTS OFF) SELECT r.id FROM regime_at('YOUNG', '2024-12-31') r;
SELECT regime_key FROM regime_at('YOUGN', '2024-12-31');

-- Whatever the search_path.
CREATE SCHEMA evil;
CREATE FUNCTION evil.regime_asset(text, text DEFAULT NULL) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION evil.unnest(text[]) RETURNS SETOF text LANGUAGE sql AS 'SELECT ''PROXY''';
CREATE TABLE evil.dim_assets AS SELECT 1 AS id, 'NEW' AS symbol;
SET search_path = evil;
SELECT id FROM public.regime_at('NEW', '2024-12-31');
SELECT id FROM public.refresh_cmc_regimes(ARRAY['NEW']);
SET search_path = '';
SELECT id FROM public.refresh_cmc_regimes('NEW');
SELECT public.regime_asset('NEWS');
\set ECHO none
SET client_min_messages = error;
DROP SCHEMA evil, desk CASCADE;
