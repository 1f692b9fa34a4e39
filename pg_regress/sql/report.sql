-- regime_report_html: a page that needs nothing else. What a browser makes of it, tests/report.sh looks at.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/empty.sql
\set ECHO all
SELECT count(*) > 0 AS made FROM regime_demo(4, 1500);
SELECT count(*) FILTER (WHERE status = 'ok') AS ok FROM refresh_cmc_regimes();
-- The page without its pictures and without the moment at which it was written; its text without tags.
CREATE FUNCTION page(html text) RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(regexp_replace(html, '<svg.*?</svg>', '', 'g'), 'Written [^<]*', '') $$;
CREATE FUNCTION words(html text) RETURNS text LANGUAGE sql AS $$
    SELECT replace(regexp_replace(regexp_replace(regexp_replace(page(html), '<style.*?</style>', ' ', 'g'), '<[^>]*>', ' ', 'g'), ' +', ' ', 'g'), '&#8722;', '-') $$;
CREATE FUNCTION part(html text, heading text) RETURNS text LANGUAGE sql AS $$
    SELECT substring(words(html) FROM heading || ' (.*?) (?:Why|Bars that the regimes rest on|Data and version|By regime|With the sizes and without|What follows what|Changes of the last year|$)') $$;
-- One line of ASCII, without a tab or a backslash; nothing is fetched and nothing runs.
SELECT id, html ~ '^<!DOCTYPE html> <html lang="en">.*</html>$' AS whole, html ~ '[^ -~]' AS not_ascii, html ~ '\\' AS backslash, html ~* '<script|<link|<img|@import|url\(|\son[a-z]+=' AS needs_more,
    (SELECT count(*) FROM regexp_matches(html, '<svg', 'g')) AS pictures, array_agg(heading ORDER BY heading) AS headings
FROM regime_assets(), regime_report_html(id) AS html, regexp_matches(html, '<h2>(.*?)</h2>', 'g') AS h, unnest(h) AS heading GROUP BY id, html ORDER BY id;
-- The same rows give the same bytes, whatever the session's settings.
SELECT page(regime_report_html(1)) AS page \gset
SET timezone = 'Asia/Tokyo';
SET datestyle = 'German';
SET extra_float_digits = -15;
SELECT page(regime_report_html(1)) = :'page' AS same, page(regime_report_html('MARKET')) = :'page' AS same_by_symbol;
SET timezone = 'UTC';
SET datestyle = 'ISO';
RESET extra_float_digits;

-- What it says is what the functions say. The policy in force, the run, what waits.
SELECT words(html) ~ format('Size %s Stop %s Gross cap %s Orders %s Pyramids %s Setups %s ', size_mult, stop_mult, gross_cap, orders, CASE WHEN pyramids THEN 'yes' ELSE 'no' END, array_to_string(setups, ', ')) AS in_force,
    words(html) ~ format('%s holds since %s, for %s rows?', n.regime, n.since::date, n.bars) AS since, (words(html) ~ 'Hysteresis holds back: ') = (waiting IS NOT NULL) AS waiting,
    words(html) ~ format('changed by [+-]?%s %% since', abs(round(100 * return_since::numeric, 1))) AS return_since, part(html, 'Data and version') ~ format('Version %s ', regime_version_hash) AS version
FROM cmc_regime_latest l JOIN regime_now() n USING (id), regime_report_html(id) AS html ORDER BY id;
-- Why: each line of regime_explain but those of the row and of what is stored.
SELECT id, count(*) > 20 AS some, count(*) FILTER (WHERE NOT strpos(translate(words(html), ' ', ''), translate(replace(replace(replace(replace(replace(e.what || e.value || e.detail, '&', '&#38;'), '<', '&#60;'), '>', '&#62;'), '"', '&#34;'), '''', '&#39;'), ' ', '')) > 0) AS missing
FROM regime_assets(), regime_report_html(id) AS html, regime_explain(id) AS e WHERE e.step BETWEEN 2 AND 8 GROUP BY id ORDER BY id;
-- How long regimes last, and what the price did after them.
SELECT count(*) AS n, count(*) FILTER (WHERE html ~ format('>%s</td><td class="n">[0-9]+ %%</td><td class="n">%s</td><td class="n">%s</td><td class="n">%s</td><td class="n">%s</td>', regime, n + (current_bars IS NOT NULL)::int, CASE WHEN median_bars < 1000 THEN trim_scale(median_bars::numeric)::text END, longest_bars, current_bars)) AS same
FROM regime_durations(1), regime_report_html(1) AS html;
SELECT count(*) AS n, count(*) FILTER (WHERE strpos(part(html, 'By regime'), format('%s %% &#177; %s, t %s, %s windows', CASE WHEN round(difference::numeric * 100, 2) > 0 THEN '+' ELSE '' END || round(difference::numeric * 100, 2), round(std_error::numeric * 100, 2), round(t::numeric, 1), n_windows)) > 0) AS same
FROM regime_forward_returns(1), regime_report_html(1) AS html WHERE std_error IS NOT NULL;
-- What follows what: each change of the matrix is a cell.
SELECT sum(n) AS changes, (SELECT sum(m[1]::int) FROM regexp_matches(html, ' title="([0-9]+)">', 'g') AS m) AS shown FROM regime_transition_matrix(1), regime_report_html(1) AS html GROUP BY html;
-- With the sizes and without.
SELECT id, strpos(part(html, 'With the sizes and without'), format('By the sizes %s %% %s %% %s %s %% %s %% %s %s Held whole %s %% %s %%', to_char(100 * yearly_return, 'FMSG990.0'), to_char(100 * volatility, 'FM990.0'), to_char(sharpe, 'FM990.00'),
    to_char(100 * max_drawdown, 'FM990.0'), to_char(100 * time_in_market, 'FM990.0'), to_char(mean_size, 'FM990.00'), to_char(turnover, 'FM990.00'), to_char(100 * yearly_return_plain, 'FMSG990.0'), to_char(100 * volatility_plain, 'FM990.0'))) > 0 AS same
FROM regime_backtest(), regime_report_html(id) AS html ORDER BY id;
-- The changes of the last year, the newest first.
SELECT a.id, count(*) AS n, trim(part(html, 'Changes of the last year')) = 'Day From After rows To Close since ' || string_agg(format('%s %s %s %s %s %%', f.ts::date, from_regime, duration_bars, to_regime, regexp_replace(to_char(100 * return_since, 'FMSG99990.0'), '^[+-]0.0$', '0.0')), ' ' ORDER BY ts DESC) AS same
FROM regime_assets() AS a, regime_report_html(a.id) AS html, regime_flips(a.id) AS f WHERE from_regime IS NOT NULL AND f.ts > (SELECT max(ts) FROM cmc_regimes r WHERE r.id = f.id) - interval '366 days' GROUP BY a.id, html ORDER BY 1;

-- A page of the past is the page of then: later rows and bars change nothing of it but what is said of the data of today.
CREATE FUNCTION of_then(html text) RETURNS text LANGUAGE sql AS $$ SELECT regexp_replace(regexp_replace(html, 'Written [^<]*', ''), '<h2>Data and version</h2>.*?</dl>|<p>Hysteresis holds back[^<]*</p>|; [0-9]+ in the whole history| of [0-9]+(?=</small>)', '', 'g') $$;
SELECT max(ts) - interval '100 days' AS then FROM cmc_regimes \gset
CREATE TEMP TABLE past AS SELECT id, of_then(regime_report_html(id, to_ts => :'then')) AS html FROM regime_assets();
BEGIN;
DELETE FROM cmc_price_bars_multi_tf WHERE time_close > :'then';
DELETE FROM cmc_price_bars_multi_tf_cal_iso WHERE time_close > :'then';
DELETE FROM cmc_ema_multi_tf_u WHERE ts > :'then';
DELETE FROM cmc_ema_multi_tf_cal_iso WHERE ts > :'then';
SELECT bool_and(status = 'ok') AS ok FROM refresh_cmc_regimes();
SELECT id, html = of_then(regime_report_html(id)) AS same FROM past ORDER BY id;
ROLLBACK;
SELECT substring(words(regime_report_html(1, '2019-01-01', '2019-02-01')) FROM '[0-9-]+ to [0-9-]+, [0-9]+ daily rows');

-- Texts of users are texts.
UPDATE dim_assets SET symbol = E'<b onload="x">\\ & ''q''\t\u00e9' WHERE id = 2;
SELECT regime_load_policy('<i>mine</i>', '[{"match": "<u>&", "size_mult": 0.3}]');
SELECT status FROM refresh_cmc_regimes(2, policy => '<i>mine</i>', l4_label => '<script>alert(1)</script>');
SELECT html ~ 'onload="x"|<u>|<script|<i>mine' AS tags, html ~ '[^ -~]|\\' AS beyond, substring(html FROM '<title>(.*?)</title>') AS title, substring(html FROM '<dt>Policy</dt><dd>(.*?)</dd>') AS policy, html ~ '&#60;script&#62;alert\(1\)&#60;/script&#62;' AS label FROM regime_report_html(2) AS html;
-- Rows that were not made point in time are not tested; the page says so.
SELECT part(regime_report_html(2), 'With the sizes and without');
SELECT status FROM refresh_cmc_regimes(3, point_in_time => false, force => true);
SELECT part(regime_report_html(3), 'With the sizes and without'), substring(words(regime_report_html(3)) FROM 'Point in time [a-z]+');
-- A stale asset, and one whose last refresh failed.
UPDATE cmc_price_bars_multi_tf SET close = 'NaN' WHERE id = 4 AND tf = '1D' AND bar_seq = (SELECT max(bar_seq) FROM cmc_price_bars_multi_tf WHERE id = 4 AND tf = '1D');
SELECT status FROM refresh_cmc_regimes(4);
SELECT substring(words(html) FROM 'Newest failure [^ ]+ [^:]+:[^:]+:[^:]+: (.*?) Policy') AS failure, part(html, 'Why') AS why FROM regime_report_html(4) AS html;
-- What has no page.
SELECT regime_report_html(99);
SELECT regime_report_html(NULL);
SELECT regime_report_html(1, '2019-02-01', '2019-01-01');
SELECT regime_report_html(1, '1990-01-01', '1990-02-01');
DELETE FROM cmc_price_bars_multi_tf WHERE id = 3;
SELECT regime_report_html(3);
