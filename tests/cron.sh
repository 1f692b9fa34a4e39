#!/usr/bin/env bash
# The real pg_cron runs the jobs of docs/operations.md, "Schedule refreshes with pg_cron". It starts jobs on the minute, so
# all are scheduled together and waited for once: up to a minute.
. "$(dirname "$0")/lib.sh"
job='CALL refresh_all_cmc_regimes()'
daily_prices_job="SELECT regime_build_inputs(target_schema => 'desk'); SELECT refresh_cmc_regimes()"

needs_package cron pg_cron.control
cluster_start
demo_db market
# As background workers, since pg_cron's connections would need TCP or a password. The settings go into the file:
# ALTER SYSTEM refuses those of a library that is not loaded. After the database, or the launcher starts in vain.
as_owner tee -a "$cluster_dir/data/postgresql.conf" >/dev/null <<'CONF'
shared_preload_libraries = 'pg_cron'
cron.database_name = 'market'
cron.use_background_workers = on
max_worker_processes = 20
CONF
cluster_stop
cluster_start

# trader is no superuser; it owns its prices, which have a shape of their own, and will own its outputs.
q market "CREATE EXTENSION pg_cron;
          CREATE ROLE trader LOGIN;
          GRANT USAGE ON SCHEMA cron TO trader;
          CREATE SCHEMA desk AUTHORIZATION trader; CREATE SCHEMA desk_regime_work AUTHORIZATION trader;
          ALTER ROLE trader SET pg_regime.target_schema = 'desk';
          ALTER ROLE trader SET pg_regime.cal_scheme = 'us';
          CREATE TABLE desk.prices (asset int, closed timestamptz, price numeric, PRIMARY KEY (asset, closed));
          ALTER TABLE desk.prices OWNER TO trader;
          INSERT INTO desk.prices SELECT 100 + id, time_close, close FROM cmc_price_bars_multi_tf WHERE tf = '1D' AND id < 3;
          UPDATE regime_source SET tf = NULL, bars_schema = 'desk', bars_table = 'prices', bars_id_column = 'asset',
              bars_ts_column = 'closed', close_column = 'price', ema_schema = 'desk' WHERE cal_scheme = 'us' AND layer = 'L2';
          UPDATE regime_source SET bars_schema = 'desk', ema_schema = 'desk' WHERE cal_scheme = 'us' AND layer <> 'L2'"
# Asset 3 has a bar that no refresh takes, and the bars of a third scheme were renamed.
q market "UPDATE cmc_price_bars_multi_tf SET close = 'NaN' WHERE id = 3 AND tf = '1D' AND bar_seq = 700;
          CREATE TABLE old_bars (LIKE cmc_price_bars_multi_tf);
          INSERT INTO regime_source (cal_scheme, layer, tf, periods, bars_table, ema_table, ema_filter)
          SELECT 'old', layer, tf, periods, 'old_bars', ema_table, ema_filter FROM regime_source WHERE cal_scheme = 'iso' AND layer = 'L2';
          ALTER TABLE old_bars RENAME TO archived_bars"
q market "CREATE TABLE steps (step text);
          CREATE PROCEDURE step_by_step() LANGUAGE plpgsql AS \$\$ BEGIN
              INSERT INTO steps VALUES ('committed');
              COMMIT;
              INSERT INTO steps VALUES ('rolled back');
              ROLLBACK;
          END \$\$"

q market "SELECT FROM cron.schedule('regimes', '* * * * *', \$\$$job\$\$);
          SELECT FROM cron.schedule('renamed', '* * * * *', 'SELECT refresh_cmc_regimes(cal_scheme => ''old'')');
          SELECT FROM cron.schedule('commits', '* * * * *', 'CALL step_by_step()');
          SELECT FROM cron.schedule('commits not', '* * * * *', 'SELECT 1; CALL step_by_step()');
          SET ROLE trader;
          SELECT FROM cron.schedule('trader', '* * * * *', \$\$$daily_prices_job\$\$)"
SECONDS=0
until [ "$(q market "SELECT count(DISTINCT jobid) FROM cron.job_run_details WHERE end_time IS NOT NULL")" = 5 ] || [ $SECONDS -ge 90 ]; do sleep 0.5; done
q market "UPDATE cron.job SET active = false"

# run JOB: how its first run ended: status, role, and the first line of the message where there is one to read
run() { q market "SELECT status, d.username, CASE status WHEN 'failed' THEN split_part(return_message, E'\n', 1) END FROM cron.job_run_details d JOIN cron.job USING (jobid) WHERE jobname = '$1' ORDER BY runid LIMIT 1"; }
is "$job runs, and an asset that fails makes it a failed run" "$(run regimes)" "failed|postgres|ERROR: refresh of 1 asset failed: 3"
is "the others' rows are those of a refresh by hand; the asset that failed has none" \
    "$(q market "SELECT id, status, (SELECT count(*) FROM cmc_regimes r WHERE r.id = s.id) FROM refresh_cmc_regimes() s ORDER BY id")" \
    "$(printf '%s\n' '1|unchanged|1500' '2|unchanged|1500' '3|failed|0' '4|unchanged|720' '5|unchanged|200')"
succeeds "its warning is in the server's log" grep 'cron job .*WARNING: refresh of asset 3 (DEMO3) failed: asset 3 (DEMO3): 1 L2 bar' "$cluster_dir/log"
is "and regime_health names the asset" "$(q market "SELECT id FROM regime_health_details('failing asset')")" 3
is "a call that fails is a failed run, with our message" "$(run renamed)" "failed|postgres|ERROR: relation public.old_bars does not exist"
is "and our hint" "$(q market "SELECT count(*) > 0 FROM cron.job_run_details WHERE return_message LIKE '%HINT: %UPDATE public.regime_source SET bars_schema = %'")" t

is "two statements of a role that is no superuser run" "$(run trader)" "succeeded|trader|"
is "it owns what they made" "$(q market "SELECT string_agg(DISTINCT tableowner, ' ') FROM pg_tables WHERE schemaname = 'desk' AND tablename LIKE 'cmc%'")" trader
is "with its rows" "$(q market "SET SESSION AUTHORIZATION trader; SET pg_regime.target_schema = 'desk'; SET pg_regime.cal_scheme = 'us';
                                SELECT id, status, (SELECT count(*) FROM desk.cmc_regimes r WHERE r.id = s.id) FROM refresh_cmc_regimes() s ORDER BY id")" \
    "$(printf '%s\n' '101|unchanged|1500' '102|unchanged|1500')"

is "a procedure may commit in a job that is a CALL" "$(run commits) $(q market "SELECT string_agg(DISTINCT step, ',') FROM steps")" "succeeded|postgres| committed"
is "and not in one with further statements" "$(run "commits not")" "failed|postgres|ERROR: invalid transaction termination"
