# shellcheck shell=bash
# A database in the middle of its work, and what must hold once it has been moved or upgraded; to be sourced after lib.sh.

# in_the_middle DB: fills a database that has the extension: rows of all systems, a policy, an edited map, eras, tracking, marks that wait,
# a round and a backfill that are not at their end
in_the_middle() {
    q "$1" "SELECT FROM regime_demo(n_assets => 3, days => 900);
            SELECT FROM regime_load_policy('mine', '[{\"match\": \"Up-\", \"size_mult\": 0.5}]');
            UPDATE regime_source SET periods = '{12,24,36}' WHERE layer = 'L0';
            INSERT INTO regime_eras VALUES ('1d', '2017-06-01', 'mine');
            SELECT FROM refresh_cmc_regimes(policy => 'mine'); SELECT FROM refresh_market_regimes(); SELECT FROM refresh_market_states()"
    q "$1" "CALL backfill_market_regime_history('2017-02-01', '2017-06-01', 60, symbol => 'DEMO2')"
    q "$1" "SELECT FROM regime_track();
            SELECT FROM refresh_cmc_regimes(policy => 'mine'); SELECT FROM refresh_market_regimes(); SELECT FROM refresh_market_states()"
    q "$1" "UPDATE cmc_price_bars_multi_tf SET close = close * 1.01 WHERE id = 2 AND bar_seq = 700 AND tf = '1D';
            UPDATE candles SET close = (high + low) / 2 WHERE symbol = 'DEMO2' AND open_time = (SELECT max(open_time) FROM candles WHERE timeframe = '1d')"
    q "$1" "$(new_bar 'id = 3')"
    q "$1" "SELECT regime_round_next($(q "$1" "SELECT regime_round_begin(policy => 'mine')"), 1, policy => 'mine')" >/dev/null
    q "$1" "SELECT market_regime_backfill_next($(q "$1" "SELECT market_regime_backfill_begin('2016-01-01', '2017-01-01', 30, 'DEMO2', false, false)"))" >/dev/null
    is "$1: marks, a round and a backfill are unfinished" "$(q "$1" "SELECT (SELECT count(DISTINCT id) FROM cmc_regime_marks), (SELECT count(*) FROM market_regime_marks) > 0,
        (SELECT min(done) FROM cmc_regime_progress), (SELECT count(*) > 0 FROM market_regime_progress WHERE status = 'interrupted')")" "2|t|1|t"
}

# goes_on DB: what was in the middle is brought to its end, and nothing is done twice
goes_on() {
    is "$1: what was marked is refreshed, and nothing else" "$(q "$1" "SELECT id, status, mode FROM refresh_cmc_regimes(policy => 'mine') ORDER BY 1")" \
        $'1|unchanged|none\n2|ok|full\n3|ok|incremental'
    is "$1: refresh_market_regimes and refresh_market_states go on" "$(q "$1" "SELECT string_agg(DISTINCT status, ' '), bool_or(reason ~ 'version') FROM refresh_market_regimes();
        SELECT string_agg(DISTINCT status, ' '), bool_or(reason ~ 'version') FROM refresh_market_states()")" $'unchanged|f\nok unchanged|f'
    is "$1: the round ends, and finds nothing to do" "$(q "$1" "CALL refresh_all_cmc_regimes(policy => 'mine')"; q "$1" "SELECT assets, done, failed FROM cmc_regime_progress ORDER BY round DESC LIMIT 1")" "3|3|0"
    is "$1: the backfill ends" "$(q "$1" "CALL backfill_market_regime_history('2016-01-01', '2017-01-01', 30, symbol => 'DEMO2')"; q "$1" "SELECT DISTINCT status FROM market_regime_progress")" done
    is "$1: afterwards all is unchanged" "$(q "$1" "SELECT status FROM refresh_cmc_regimes(policy => 'mine') UNION SELECT status FROM refresh_market_regimes() UNION SELECT status FROM refresh_market_states()")" unchanged
    q "$1" "$(new_bar 'id = 2')"
    is "$1: a new bar is marked" "$(q "$1" "SELECT DISTINCT id FROM cmc_regime_marks")" 2
}
