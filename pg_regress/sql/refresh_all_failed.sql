-- Failed assets do not hold up the others; in the end there is an error that lists them, so that a scheduler sees it.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
CALL refresh_all_cmc_regimes();
SELECT count(*) FROM generate_series(1, 3) id, append_bar(id, 50);
UPDATE cmc_price_bars_multi_tf SET close = 'NaN' WHERE id = 2 AND bar_seq = 100;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'closed' USING ERRCODE = 'unique_violation'; END $$;
CREATE TRIGGER r BEFORE INSERT ON cmc_regimes FOR EACH ROW WHEN (NEW.id = 3) EXECUTE FUNCTION refuse();
CALL refresh_all_cmc_regimes(batch_size => 1);
\echo :LAST_ERROR_SQLSTATE
SELECT hint_of('SELECT regime_round_end(2)') AS hint \gset
SELECT split_part(:'hint', '. ', 2) AS query \gset
\echo :query
SELECT id, max(ts) FROM cmc_regimes GROUP BY 1 ORDER BY 1;
SELECT id, status, sqlstate, message FROM regime_work.cmc_regime_work ORDER BY id;
SELECT done, failed, waiting FROM cmc_regime_progress;
-- The next call tries them again; one alone is named with its own code.
DROP TRIGGER r ON cmc_regimes;
CALL refresh_all_cmc_regimes();
\echo :LAST_ERROR_SQLSTATE
UPDATE cmc_price_bars_multi_tf SET close = 41 WHERE id = 2 AND bar_seq = 100;
CALL refresh_all_cmc_regimes();
SELECT differ('{1,2,3}');
-- More than can be named.
INSERT INTO cmc_price_bars_multi_tf SELECT id, '1D', 1, '2024-01-01', -1 FROM generate_series(101, 125) id;
INSERT INTO dim_assets SELECT id, 'BAD', true FROM generate_series(101, 125) id;
SET client_min_messages = error;
CALL refresh_all_cmc_regimes();
-- What ends a whole call ends this one: what was committed stays, the round goes on with the rest.
DELETE FROM cmc_price_bars_multi_tf WHERE id > 100;
DELETE FROM dim_assets WHERE id > 100;
SELECT count(*) FROM generate_series(1, 3) id, append_bar(id, 51);
CREATE FUNCTION cancel() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'as if canceled' USING ERRCODE = 'query_canceled'; END $$;
CREATE TRIGGER r BEFORE INSERT ON cmc_regimes FOR EACH ROW WHEN (NEW.id = 3) EXECUTE FUNCTION cancel();
RESET client_min_messages;
CALL refresh_all_cmc_regimes(batch_size => 1);
\echo :LAST_ERROR_SQLSTATE
SELECT id, max(ts) FROM cmc_regimes GROUP BY 1 ORDER BY 1;
SELECT id, status FROM regime_work.cmc_regime_work ORDER BY id;
DROP TRIGGER r ON cmc_regimes;
CALL refresh_all_cmc_regimes();
SELECT differ('{1,2,3}');
-- An error of the user's own trigger keeps its SQLSTATE: in the log, in the round, and in the error that ends the call.
SELECT count(*) FROM generate_series(1, 3) id, append_bar(id, 52);
CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.regime_key := 1 / (NEW.id - 3); RETURN NEW; END $$;
CREATE TRIGGER r BEFORE INSERT ON cmc_regimes FOR EACH ROW WHEN (NEW.id = 3) EXECUTE FUNCTION refuse();
CALL refresh_all_cmc_regimes();
\echo :LAST_ERROR_SQLSTATE
SELECT sqlstate FROM regime_work.cmc_regime_work WHERE status = 'failed';
CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not well formed' USING ERRCODE = '2200T'; END $$;
CALL refresh_all_cmc_regimes();
\echo :LAST_ERROR_SQLSTATE
SELECT sqlstate FROM regime_work.cmc_regime_work WHERE status = 'failed';
DROP TRIGGER r ON cmc_regimes;
CALL refresh_all_cmc_regimes();
SELECT differ('{1,2,3}');
