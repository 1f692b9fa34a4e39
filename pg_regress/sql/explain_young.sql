-- regime_explain of young assets: layers that are off, the lite tier, caps by the market proxy.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SET client_min_messages = error;
\pset format unaligned
-- L0 and L1 are off, and the market is not supportive.
SELECT step, layer, what, value, detail FROM regime_explain(4) WHERE step < 9;
-- No layer at all.
SELECT step, layer, what, value, detail FROM regime_explain(3) WHERE step BETWEEN 2 AND 8;
-- The market is supportive; the asset is the proxy itself; the proxy has no bars; the slow layers are on.
SELECT what, value, detail FROM regime_explain(2, '2024-09-21 23:59:59+00') WHERE step = 7;
SELECT what, value, detail FROM regime_explain(1, min_bars_l0 => 1000) WHERE step IN (2, 7);
SET pg_regime.market_proxy_id = 999;
SELECT what, value, detail FROM regime_explain(2) WHERE step = 7;
RESET pg_regime.market_proxy_id;
SELECT what, value, detail FROM regime_explain(2, min_bars_l0 => 10) WHERE step IN (2, 7) AND layer IS NULL;
-- A cap that is looser than what a rule took away.
SELECT step, layer, what, value, detail FROM regime_explain(2) WHERE step IN (6, 7, 8);
