-- The hash of the version: the same for what acts alike, another one for anything that can change a label or a policy.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
CREATE TABLE h (what text, hash text);
INSERT INTO h VALUES ('default', regime_version_hash());
SELECT hash ~ '^[0-9a-f]{16}$' AS well_formed, hash = regime_version_hash() AS stable FROM h;
-- Alike: spelt out, loaded under another name, in the other shape, in another order of fields, with setups unsorted or twice.
SELECT regime_load_policy('empty', '[]') + regime_load_policy('same',
    '[{"match": "Down-", "orders": "mixed", "setups": ["short_rallies", "hedge", "hedge"], "stop_mult": 1.60, "size_mult": 6e-1}]') AS rules;
SELECT name, hash = (SELECT hash FROM h) AS same FROM (VALUES
    ('spelt out', regime_version_hash(policy => 'default', cal_scheme => 'iso', hysteresis => true,
        hysteresis_mode => 'asymmetric', min_hold_bars => 3, min_bars_l0 => 60, min_bars_l1 => 52, min_bars_l2 => 120,
        l4_label => NULL)),
    ('all NULL', regime_version_hash(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)),
    ('no rules', regime_version_hash('empty')),
    ('equal rules', regime_version_hash('same'))) AS v (name, hash);
SELECT regime_version_hash(hysteresis => false) = regime_version_hash(min_hold_bars => 0) AS same,
    regime_version_hash(hysteresis => false) = regime_version_hash(hysteresis => false, hysteresis_mode => 'symmetric',
    min_hold_bars => 9) AS without;

-- Different: each value of each parameter, each value of each rule, the order of the rules.
INSERT INTO h VALUES ('cal_scheme', regime_version_hash(cal_scheme => 'us')),
    ('hysteresis', regime_version_hash(hysteresis => false)), ('mode', regime_version_hash(hysteresis_mode => 'symmetric')),
    ('hold', regime_version_hash(min_hold_bars => 4)), ('l0', regime_version_hash(min_bars_l0 => 61)),
        ('l1', regime_version_hash(min_bars_l1 => 61)), ('l2', regime_version_hash(min_bars_l2 => 61)),
    ('l4', regime_version_hash(l4_label => 'x'));
CREATE FUNCTION hash_of(what text, rules jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN PERFORM regime_load_policy('tried', rules); INSERT INTO h VALUES (what, regime_version_hash('tried')); END $$;
SELECT FROM (VALUES ('size', '[{"match": "a*", "size_mult": 0.5}]'), ('size 2', '[{"match": "a*", "size_mult": 0.50001}]'),
    ('cap', '[{"match": "a*", "gross_cap": 0.5}]'), ('stop', '[{"match": "a*", "stop_mult": 0.5}]'),
    ('orders', '[{"match": "a*", "orders": "passive"}]'), ('pyramids', '[{"match": "a*", "pyramids": false}]'),
        ('pyramids 2', '[{"match": "a*", "pyramids": true}]'), ('setups', '[{"match": "a*", "setups": []}]'),
    ('setups 2', '[{"match": "a*", "setups": ["x"]}]'), ('setups 3', '[{"match": "a*", "setups": ["x", "y"]}]'),
        ('match', '[{"match": "b*", "gross_cap": 0.5}]'),
    ('two', '[{"match": "a*", "gross_cap": 0.5}, {"match": "b*", "gross_cap": 0.5}]'),
        ('order', '[{"match": "b*", "gross_cap": 0.5}, {"match": "a*", "gross_cap": 0.5}]'),
        ('in place', '[{"match": "Down-", "gross_cap": 0.5}]')) AS v (what, rules), hash_of(what, rules::jsonb);
-- What is read from: periods, and which of the optional columns. Not where it is read from: names are no input.
UPDATE regime_source SET periods = '{20,50,101}' WHERE cal_scheme = 'iso' AND layer = 'L2';
INSERT INTO h VALUES ('periods', regime_version_hash());
UPDATE regime_source SET periods = '{20,50,100}', atr_column = 'close' WHERE cal_scheme = 'iso' AND layer = 'L2';
INSERT INTO h VALUES ('atr', regime_version_hash());
UPDATE regime_source SET atr_column = NULL, adx_column = 'close', adx_floor = 20 WHERE cal_scheme = 'iso' AND layer = 'L2';
INSERT INTO h VALUES ('adx', regime_version_hash());
UPDATE regime_source SET adx_floor = 21 WHERE cal_scheme = 'iso' AND layer = 'L2';
INSERT INTO h VALUES ('adx 2', regime_version_hash());
UPDATE regime_source SET adx_floor = 0 WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT regime_version_hash() = (SELECT hash FROM h LIMIT 1) AS no_floor_is_no_adx;
UPDATE regime_source SET adx_column = NULL, spread_column = 'close', slippage_column = 'close'
    WHERE cal_scheme = 'iso' AND layer = 'L2';
INSERT INTO h VALUES ('costs', regime_version_hash());
UPDATE regime_source SET spread_column = NULL, slippage_column = NULL WHERE cal_scheme = 'iso' AND layer = 'L2';
INSERT INTO regime_source (cal_scheme, layer, tf, periods, bars_table, ema_table)
    VALUES ('iso', 'L3', '1H', '{34,55,89}', 'cmc_price_bars_multi_tf', 'cmc_ema_multi_tf_u');
INSERT INTO h VALUES ('intraday', regime_version_hash());
DELETE FROM regime_source WHERE layer = 'L3';
SET pg_regime.market_proxy_id = 7;
INSERT INTO h VALUES ('proxy', regime_version_hash());
RESET pg_regime.market_proxy_id;
SELECT hash, array_agg(what) FROM h GROUP BY 1 HAVING count(*) > 1;
SELECT count(*) AS different FROM h;
ALTER TABLE cmc_price_bars_multi_tf RENAME TO daily_bars;
UPDATE regime_source SET bars_table = 'daily_bars' WHERE layer = 'L2';
-- Names may decide on the market proxy.
SET pg_regime.market_proxy_id = 1;
SELECT regime_version_hash() = (SELECT hash FROM h LIMIT 1) AS names_do_not_count;
RESET pg_regime.market_proxy_id;

-- Bad parameters are refused here as they are in a refresh.
SELECT regime_version_hash(min_hold_bars => -1);
\echo :LAST_ERROR_SQLSTATE
SELECT regime_version_hash(hysteresis_mode => 'both');
SELECT regime_version_hash('none');
