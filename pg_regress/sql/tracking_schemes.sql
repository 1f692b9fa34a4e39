-- Calendar schemes that read one table in different ways: its marks carry the earliest of the times that are read; by different
-- columns of assets, those of one scheme are marked, and the other is told so.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
INSERT INTO regime_source (cal_scheme, layer, tf, periods, bars_table, bars_shift, ema_table, ema_filter)
    SELECT 'other', layer, tf, periods, bars_table, '-3 days', ema_table, ema_filter FROM regime_source WHERE cal_scheme = 'iso' AND layer IN ('L0', 'L1', 'L2');
INSERT INTO regime_profile (profile, cal_scheme, market_proxy_id) VALUES ('other', 'other', 0);
INSERT INTO regime_profile_asset (profile, symbol) VALUES ('other', 'YOUNG');
SELECT relation, action FROM regime_track() WHERE relation ~ 'multi_tf' ORDER BY 1;
SELECT id, mode FROM refresh_cmc_regimes(ARRAY[1, 2]);
SELECT id, max(ts) FROM cmc_regimes GROUP BY 1 ORDER BY 1;
SELECT id, mode FROM refresh_cmc_regimes(ARRAY[1, 2]);
-- A bar later than the newest row as one scheme reads it, and earlier as the other does.
UPDATE cmc_price_bars_multi_tf SET close = close * 1.5 WHERE id IN (1, 2) AND tf = '1D' AND time_close = '2024-12-30 23:59:59+00';
SELECT id, since FROM cmc_regime_marks ORDER BY 1;
SELECT id, mode, reason FROM refresh_cmc_regimes(only_dirty => true);
SELECT differ('{1, 2}');
-- Rows that come one by one, many at once, and a time that cannot be read.
SELECT append_bar(1, 50), append_bar(2, 50);
UPDATE cmc_price_bars_multi_tf SET close = close * 1.1 WHERE time_close > '2024-12-20';
SELECT id, min(since) FROM cmc_regime_marks WHERE source ~ 'bars_multi_tf$' GROUP BY 1 ORDER BY 1;
SELECT id, mode FROM refresh_cmc_regimes(only_dirty => true) WHERE id < 3;
SELECT differ('{1, 2}');
INSERT INTO cmc_price_bars_multi_tf VALUES (2, '1W', 1, 'infinity', 1);
SELECT id, since FROM cmc_regime_marks ORDER BY 1;
SELECT id, mode FROM refresh_cmc_regimes(only_dirty => true) WHERE id < 3;
-- By another column, here symbols in place of ids: only_dirty of that scheme says why it cannot, and its hint helps.
ALTER TABLE cmc_price_bars_multi_tf ADD "Name of" text;
UPDATE cmc_price_bars_multi_tf b SET "Name of" = symbol FROM dim_assets a WHERE a.id = b.id;
UPDATE regime_source SET bars_id_column = 'Name of', bars_shift = NULL WHERE cal_scheme = 'other' AND layer = 'L2';
SELECT relation, action FROM regime_track() ORDER BY 1;
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2]);
SELECT FROM refresh_cmc_regimes(cal_scheme => 'other', only_dirty => true);
SELECT hint_of('SELECT FROM refresh_cmc_regimes(cal_scheme => ''other'', only_dirty => true)') AS hint \gset
\o /dev/null
:hint
\o
SELECT bars_id_column, count(*) FROM regime_source WHERE cal_scheme IN ('iso', 'other') GROUP BY 1;
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2]);
SELECT id, status FROM refresh_cmc_regimes(only_dirty => true);
SELECT differ('{1, 2}');
