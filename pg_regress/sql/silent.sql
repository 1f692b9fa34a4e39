-- A feed that has gone silent is told everywhere, by the rhythm of its own bars; nights, weekends, holidays of the year past and a load that
-- is under way are no silence. All times are counted back from now, whatever day that is.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null -
SET client_min_messages = error;
RESET pg_regime.feed_grace;
SET pg_regime.feed_grace = 0;
SET pg_regime.market_proxy_id = 0;
TRUNCATE dim_assets, cmc_price_bars_multi_tf, cmc_price_bars_multi_tf_cal_iso, cmc_ema_multi_tf_u, cmc_ema_multi_tf_cal_iso;
-- The day k of an asset is k days ago; a stock has a weekend on the days 2 and 3 of each seven.
INSERT INTO dim_assets VALUES (1, 'fine'), (2, 'silent'), (3, 'half loaded day'), (4, 'weekend'), (5, 'holiday'), (6, 'silent stock'), (7, 'new listing'),
    (8, 'delisted'), (9, 'taken out'), (10, 'refresh missed'), (11, 'old outage');
UPDATE dim_assets SET is_active = id <> 9;
CREATE FUNCTION has_bar(asset int, k int) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$ SELECT CASE asset
    WHEN 1 THEN true
    WHEN 2 THEN k >= 3
    WHEN 3 THEN k >= 1
    WHEN 4 THEN (k + 1) % 7 NOT IN (2, 3) AND k >= 3
    WHEN 5 THEN k % 7 NOT IN (2, 3) AND k <> 365 AND k >= 4
    WHEN 6 THEN k % 7 NOT IN (2, 3) AND k >= 4
    WHEN 7 THEN k BETWEEN 2 AND 4
    WHEN 8 THEN k >= 40
    WHEN 9 THEN k >= 40
    WHEN 10 THEN k >= 1
    ELSE k NOT BETWEEN 200 AND 230 AND k >= 3 END $$;
CREATE FUNCTION fill(asset int, days int[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO cmc_price_bars_multi_tf SELECT asset, '1D', 1000 - k, now() - interval '6 hours' - k * interval '24 hours', 100 + k % 7 FROM unnest(days) AS k $$;
SELECT FROM dim_assets AS a, fill(a.id, ARRAY(SELECT k FROM generate_series(0, 420) AS k WHERE has_bar(a.id, k)));
SELECT status, count(*) FROM refresh_cmc_regimes(ARRAY(SELECT id FROM dim_assets)) GROUP BY 1;
SELECT FROM fill(10, '{0}');
-- What everything that tells of an asset says of it; of the monitor, while all others are taken out.
CREATE FUNCTION monitored(asset int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE told text;
BEGIN
    UPDATE dim_assets SET is_active = id = asset;
    SELECT level || CASE WHEN n_silent > 0 THEN ', silent' ELSE '' END INTO told FROM regime_monitor();
    RETURN told;
END $$;
CREATE TEMP TABLE monitor AS SELECT id, monitored(id) AS told FROM (SELECT id FROM dim_assets ORDER BY id OFFSET 0) AS a;
UPDATE dim_assets SET is_active = id <> 9;
UPDATE monitor SET told = '(not active)' WHERE id = 9;
\set findings 'SELECT string_agg(DISTINCT what, '', '') FROM regime_health_details() AS f WHERE f.id = a.id'
SELECT a.symbol, l.is_stale, l.stale_because, s.is_stale AS in_status, s.stale_because AS because, b.stale AS in_board,
    g.allowed IS FALSE AND g.reason LIKE 'feed silent%' AS stopped, t.stale_because AS at_now, (:findings) AS in_health, m.told AS in_monitor
FROM dim_assets AS a JOIN monitor AS m ON m.id = a.id JOIN cmc_regime_latest AS l ON l.id = a.id JOIN cmc_regime_status AS s ON s.id = a.id JOIN regime_board AS b ON b.symbol = a.symbol
CROSS JOIN LATERAL regime_gate(a.id, now(), NULL, 1) AS g CROSS JOIN LATERAL regime_at(a.id, now()) AS t ORDER BY a.id;
SELECT system, n, n_stale FROM regime_systems WHERE is_set_up AND n > 0;
-- One row tells all silent feeds, the longest first; times are counted from now.
CREATE FUNCTION told(detail text) RETURNS text LANGUAGE plpgsql SET DateStyle = ISO AS $$
DECLARE moment text;
BEGIN
    FOR moment IN SELECT DISTINCT m[1] FROM regexp_matches(detail, '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?\+00', 'g') AS m LOOP
        detail := replace(detail, moment, round(extract(epoch FROM now() - moment::timestamptz) / 3600) || ' h ago');
    END LOOP;
    RETURN detail;
END $$;
SELECT severity, what, n, subjects, told(detail) AS detail, command FROM regime_health() WHERE what IN ('feed silent', 'old rows');
SELECT severity, what, id, told(detail) AS detail FROM regime_health_details('feed silent');
-- A bar of the far future says nothing of the feed, the bar of a day that is under way does.
BEGIN;
SELECT FROM fill(2, '{-30}');
SELECT FROM fill(1, '{-1}');
SELECT FROM fill(11, '{-1}');
UPDATE cmc_price_bars_multi_tf SET time_close = time_close - interval '500 days' WHERE id = 8;
SELECT FROM fill(8, '{-1800}');
SELECT id, status FROM refresh_cmc_regimes('{1,2,8,11}'::int[]) ORDER BY 1;
SELECT l.id, l.is_stale, l.stale_because, s.stale_because AS in_status, n.is_stale AS in_now, a.stale_because AS at_now
FROM cmc_regime_latest AS l JOIN cmc_regime_status AS s USING (id) JOIN regime_now() AS n USING (id) CROSS JOIN LATERAL regime_at(l.id, now()) AS a WHERE l.id IN (1, 2, 8, 11) ORDER BY 1;
SELECT id, told(detail) AS detail FROM regime_health_details('feed silent') WHERE id IN (1, 2, 8, 11);
ROLLBACK;
-- A delisted asset is told until it is taken out. Its row stays stale, which it is.
UPDATE dim_assets SET is_active = false WHERE id IN (2, 6, 11);
SELECT severity, what, id, symbol, told(detail) AS detail FROM regime_health_details() WHERE what = 'feed silent';
UPDATE dim_assets SET is_active = false WHERE id = 8;
SELECT what FROM regime_health_details() WHERE what = 'feed silent';
SELECT symbol, is_stale, stale_because FROM cmc_regime_latest WHERE id = 8;
UPDATE dim_assets SET is_active = id <> 9;
-- A grace, for feeds that are loaded late, and none at all, for bars that do not go on.
SET pg_regime.feed_grace = '20 h';
SELECT symbol FROM cmc_regime_latest WHERE stale_because = 'feed silent' ORDER BY 1;
SET pg_regime.feed_grace = '2 d';
SELECT symbol FROM cmc_regime_latest WHERE stale_because = 'feed silent' ORDER BY 1;
SET pg_regime.feed_grace = -1;
SELECT symbol FROM cmc_regime_latest WHERE is_stale;
SELECT allowed FROM regime_gate(2, now(), NULL, 1);
SELECT what FROM regime_health_details() WHERE what = 'feed silent';
SET pg_regime.feed_grace = 0;
-- An age is told where nothing else is wrong.
SET pg_regime.max_age = '2 d';
SELECT symbol, l.stale_because, s.stale_because AS in_status FROM cmc_regime_latest AS l JOIN cmc_regime_status AS s USING (id, symbol) ORDER BY id;
SELECT severity, what, n, subjects, told(detail) AS detail FROM regime_health() WHERE what = 'old rows';
RESET pg_regime.max_age;
-- A moment of the past is judged by what had been there: in the outage, and before and after it.
SELECT k, is_stale, stale_because FROM unnest('{150,199,229,230,231,232,300}'::int[]) AS k, regime_at(11, now() - k * interval '24 hours');
-- No later row changes what a moment of the past was told.
CREATE TEMP TABLE before (id int, k int, is_stale boolean, stale_because text);
INSERT INTO before SELECT a.id, k, r.is_stale, r.stale_because FROM dim_assets AS a, generate_series(60, 400, 10) AS k, regime_at(a.id, now() - k * interval '24 hours') AS r;
BEGIN;
DELETE FROM cmc_regimes WHERE ts > now() - interval '60 days';
SELECT count(*) AS moments, count(*) FILTER (WHERE (b.is_stale, b.stale_because) IS DISTINCT FROM (r.is_stale, r.stale_because)) AS differ
FROM before AS b, regime_at(b.id, now() - k * interval '24 hours') AS r;
ROLLBACK;
-- Candles: an exchange is open eight hours of each day, the weekend is on days 2 and 3 of each seven.
CREATE TABLE candles (symbol text, timeframe text, open_time timestamptz, open float8, high float8, low float8, close float8, volume float8, PRIMARY KEY (symbol, timeframe, open_time));
CREATE FUNCTION fill_candles(symbol text, hours int[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO candles SELECT symbol, '1h', now() - interval '90 minutes' - h * interval '1 hour', 100 + h % 7, 104 + h % 7, 99 + h % 7, 102 + h % 7, 1000 + h % 11 FROM unnest(hours) AS h $$;
SELECT FROM fill_candles('fine', ARRAY(SELECT generate_series(0, 1000)));
SELECT FROM fill_candles('silent', ARRAY(SELECT generate_series(3, 1000)));
SELECT FROM fill_candles('night', ARRAY(SELECT h FROM generate_series(10, 1500) AS h WHERE h % 24 BETWEEN 10 AND 17 AND h / 24 % 7 NOT IN (2, 3)));
SELECT FROM fill_candles('weekend', ARRAY(SELECT h FROM generate_series(58, 1500) AS h WHERE h % 24 BETWEEN 10 AND 17 AND (h / 24 + 2) % 7 NOT IN (2, 3)));
SELECT FROM fill_candles('silent by day', ARRAY(SELECT h FROM generate_series(14, 1500) AS h WHERE h % 24 BETWEEN 10 AND 17 AND h / 24 % 7 NOT IN (2, 3)));
INSERT INTO candles SELECT CASE k WHEN 0 THEN 'fine' ELSE symbol END, '1d', now() - interval '30 hours' - d * interval '24 hours', open, high, low, close, volume
FROM (SELECT 100 AS open, 104 AS high, 99 AS low, 102 AS close, 7 AS volume) AS c, unnest('{fine,silent}'::text[]) WITH ORDINALITY AS s (symbol, n), LATERAL (SELECT 3 * (n - 1)::int AS k) AS k, generate_series(k, 420) AS d;
SELECT status, count(*) FROM refresh_market_regimes() GROUP BY 1;
SELECT status, count(*) FROM refresh_market_states() GROUP BY 1;
SELECT symbol, timeframe, s.is_stale, s.stale_because, r.stale_because AS of_regimes FROM market_states_latest() AS s JOIN market_regimes_latest() AS r USING (symbol, timeframe) ORDER BY 1, 2;
SELECT system, n, n_stale FROM regime_systems WHERE system LIKE 'market_%s' ORDER BY 1;
SELECT what, n, subjects, told(detail) AS detail, command FROM regime_health() WHERE what = 'feed silent' AND command ~ 'market' ORDER BY command;
-- Every command runs as it stands, along an empty search_path.
CREATE FUNCTION type_commands() RETURNS bigint LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE command text; n bigint := 0;
BEGIN
    FOR command IN SELECT h.command FROM public.regime_health() AS h WHERE what IN ('feed silent', 'old rows') LOOP
        EXECUTE command;
        n := n + 1;
    END LOOP;
    RETURN n;
END $$;
SELECT type_commands();
-- A symbol that is taken out is told no more.
UPDATE dim_assets SET is_active = symbol <> 'silent';
SELECT told(detail) AS detail FROM regime_health_details() WHERE what = 'feed silent' AND command ~ 'market_states';
-- Days of an index.
CALL backfill_market_regime_history('-infinity', symbol => 'fine');
SELECT is_stale, stale_because FROM market_regime_history_latest('fine');
DELETE FROM market_regime_history WHERE date > current_date - 5;
SELECT is_stale, stale_because FROM market_regime_history_latest('fine');
DELETE FROM candles WHERE timeframe = '1d' AND open_time > now() - interval '5 days';
SELECT is_stale, stale_because FROM market_regime_history_latest('fine');
-- The rule by itself.
SELECT regime_due('{2026-01-01,2026-01-02}'), regime_due('{2026-01-02,2026-01-01}', are_openings => true), regime_due('{}'), regime_due(NULL), regime_due('{infinity,-infinity,NULL}');
SELECT regime_due(array_agg(t)) AS of_weekdays FROM generate_series(timestamptz '2025-01-01', '2026-01-16 12:00', '1 day') AS t WHERE extract(isodow FROM t) < 6;
-- Rows that a role may not see are not missing, and bars that it may not read are not silent.
CREATE ROLE regress_silent;
GRANT SELECT ON cmc_regimes, dim_assets TO regress_silent;
SET ROLE regress_silent;
SELECT symbol, is_stale, stale_because FROM cmc_regime_latest WHERE id IN (1, 2) ORDER BY id;
RESET ROLE;
DROP OWNED BY regress_silent;
DROP ROLE regress_silent;
