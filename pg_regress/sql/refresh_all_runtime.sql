-- A call stops after the batch that its time is over in, and the next one goes on with the assets that wait.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
CALL refresh_all_cmc_regimes(batch_size => 1, max_runtime => '0');
SELECT id, status FROM regime_work.cmc_regime_work ORDER BY id;
CALL refresh_all_cmc_regimes(batch_size => 1, max_runtime => '-1 hour');
SELECT id, status FROM regime_work.cmc_regime_work ORDER BY id;
CALL refresh_all_cmc_regimes(batch_size => 1, max_runtime => '0');
SELECT id, status, round FROM regime_work.cmc_regime_work ORDER BY id;
-- With time enough all is done.
CALL refresh_all_cmc_regimes(batch_size => 1, max_runtime => '1 hour');
CALL refresh_all_cmc_regimes(max_runtime => '178000000 years');
CALL refresh_all_cmc_regimes(batch_size => 1, max_runtime => '-178000000 years');
CALL refresh_all_cmc_regimes(max_runtime => NULL);
-- An asset that failed before the time was over is told at once and, until the round is over, at the end of each call.
UPDATE cmc_price_bars_multi_tf SET close = 'NaN' WHERE id = 1 AND bar_seq = 100;
CALL refresh_all_cmc_regimes(batch_size => 1, max_runtime => '0');
CALL refresh_all_cmc_regimes(batch_size => 2);
SELECT id, status, round FROM regime_work.cmc_regime_work ORDER BY id;
UPDATE cmc_price_bars_multi_tf SET close = 41 WHERE id = 1 AND bar_seq = 100;
-- Another task does not go on with this one, nor the other way round.
CALL refresh_all_cmc_regimes(batch_size => 1, max_runtime => '0');
CALL refresh_all_cmc_regimes(batch_size => 1, max_runtime => '0', hysteresis => false);
SELECT round, assets, done FROM cmc_regime_progress ORDER BY round;
CALL refresh_all_cmc_regimes();
CALL refresh_all_cmc_regimes(hysteresis => false);
-- A round that was left for longer than pg_regime.resume_minutes is not gone on with: a new one takes its place.
CALL refresh_all_cmc_regimes(batch_size => 1, max_runtime => '0');
UPDATE regime_work.cmc_regime_work SET started_at = started_at - interval '61 minutes', finished_at = finished_at - interval '61 minutes';
SET pg_regime.resume_minutes = 62;
CALL refresh_all_cmc_regimes(batch_size => 1, max_runtime => '0');
UPDATE regime_work.cmc_regime_work SET started_at = started_at - interval '61 minutes', finished_at = finished_at - interval '61 minutes';
RESET pg_regime.resume_minutes;
CALL refresh_all_cmc_regimes();
SELECT assets, done, count(*) FROM cmc_regime_progress WHERE task LIKE 'all%' GROUP BY 1, 2;
