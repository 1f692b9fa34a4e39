-- Names with quotes, dollar tags, newlines and backslashes, of 63 bytes: of schemas, tables, columns, roles, policies, calendars,
-- timeframes and symbols. Whatever is made of them, in statements, stored functions, HINTs and commands, is a name or a literal.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
CREATE TABLE canary AS SELECT 1 AS alive;
CREATE TABLE typed_by_user (command text);
CREATE TABLE hostile (n int, name text);
INSERT INTO hostile VALUES
    (1, 'a"b'), (2, 'x''; DROP TABLE canary; --'), (3, '$mark$; DROP TABLE canary; --'), (4, '$_mark$ $mark$ $__mark$'),
    (5, E'line\nDROP TABLE canary;\n--'), (6, E'back\\''; DROP TABLE canary; --'), (7, '{work} {value} {tag} {schema} $1 $2 %s %I %'),
    (8, 'x"; DROP TABLE canary; --'), (9, E'*/ DROP TABLE canary; /* \\'), (10, '$$; DROP TABLE canary; $$'), (11, repeat('ü', 29) || '''"$');
-- Types what a HINT or command says, statement by statement, as a user would; words around a statement are not SQL.
CREATE FUNCTION typed(command text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE command;
EXCEPTION WHEN OTHERS THEN NULL;
END $$;
-- Maps the daily bars to a table of that name with columns of that name, under a calendar of that name; refreshes in a schema of
-- that name.
CREATE FUNCTION try(n int, name text) RETURNS TABLE (number int, first text, tracked text, marks bigint, again text, alive bool, hints bigint)
LANGUAGE plpgsql SET client_min_messages = error SET check_function_bodies = off AS $$
DECLARE
    c text[] := ARRAY[left(name, 50) || '1', left(name, 50) || '2', left(name, 50) || '3', left(name, 50) || '4'];
    command text;
    call text;
BEGIN
    EXECUTE format('CREATE SCHEMA %I', name);
    EXECUTE format('CREATE TABLE %I.%1$I AS SELECT id AS %2$I, %6$L::text AS %3$I, time_close AS %4$I, close AS %5$I FROM cmc_price_bars_multi_tf',
        name, c[1], c[2], c[3], c[4], name);
    EXECUTE format('CREATE TABLE %I.dim_assets AS SELECT 2 AS id, %L::text AS symbol, true AS is_active', name, name);
    EXECUTE format('CREATE TABLE %I.emas AS SELECT id, %L::text AS tf, ts, period, ema, %2$L::text AS alignment_source FROM cmc_ema_multi_tf_u', name, name);
    INSERT INTO regime_source SELECT (jsonb_populate_record(s, jsonb_build_object('cal_scheme', name))).* FROM regime_source s WHERE cal_scheme = 'iso';
    UPDATE regime_source SET bars_schema = name, bars_table = name, bars_id_column = c[1], bars_tf_column = c[2], bars_ts_column = c[3],
        close_column = c[4], tf = name, bars_filter = jsonb_build_object(c[2], name), ema_schema = name, ema_table = 'emas',
        ema_filter = jsonb_build_object('alignment_source', name) WHERE cal_scheme = name AND layer = 'L2';
    PERFORM set_config('pg_regime.target_schema', name, true), set_config('pg_regime.cal_scheme', name, true);
    PERFORM regime_load_policy(name, '[{"match": "Down-", "size_mult": 0.5}]');
    SELECT r.status INTO first FROM refresh_cmc_regimes(2, policy => name) r;
    SELECT string_agg(DISTINCT r.action, ', ') INTO tracked FROM regime_track() r WHERE right(relation, length(quote_ident(name))) = quote_ident(name);
    PERFORM FROM refresh_cmc_regimes(2, policy => name);
    EXECUTE format('UPDATE %I.%1$I SET %2$I = %2$I + 1 WHERE %3$I = 2 AND %4$I > %5$L', name, c[4], c[1], c[3], '2024-12-01');
    EXECUTE format('SELECT count(*) FROM %I.cmc_regime_marks', name) INTO marks;
    SELECT r.status INTO again FROM refresh_cmc_regimes(2, policy => name) r;
    PERFORM FROM regime_explain(2, policy => name);
    -- Statements for the user: of health, of the check of the inputs, of errors.
    INSERT INTO typed_by_user SELECT t FROM regime_health() h, unnest(ARRAY[h.command, h.advice]) t WHERE t IS NOT NULL;
    INSERT INTO typed_by_user SELECT t FROM regime_health_details() h, unnest(ARRAY[h.command, h.advice]) t WHERE t IS NOT NULL;
    INSERT INTO typed_by_user SELECT t FROM regime_check_inputs(cal_scheme => name) i, unnest(ARRAY[i.command, i.advice]) t WHERE t IS NOT NULL;
    INSERT INTO typed_by_user SELECT t FROM regime_check_inputs_details(cal_scheme => name) i, unnest(ARRAY[i.command, i.advice]) t WHERE t IS NOT NULL;
    FOREACH call IN ARRAY ARRAY[
        'SELECT regime_asset(%1$L || ''.'')', 'SELECT resolve_policy(l2 => ''x'', policy => %1$L || ''.'')', 'SELECT regime_drop_policy(%1$L || ''.'')',
        'SELECT refresh_cmc_regimes(2, cal_scheme => %1$L || ''.'')', 'SELECT refresh_market_regimes(%1$L, %1$L)',
        'SELECT market_regimes_compute(%1$L, %1$L)', 'SELECT market_regime_history_latest(%1$L)', 'SELECT market_regime_history_compute(%1$L)',
        'SELECT get_market_regimes(%1$L, %1$L)', 'SELECT regime_build_inputs(cal_scheme => %1$L)', 'SELECT regime_explain(99)',
        'SELECT regime_explain(2, ''1999-01-01'', policy => %1$L)', 'SELECT regime_label_weekly(2, cal_scheme => %1$L || ''.'')',
        'UPDATE regime_source SET close_column = ''gone'' WHERE cal_scheme = %1$L; SELECT refresh_cmc_regimes(2)',
        'UPDATE regime_source SET bars_table = ''gone'' WHERE cal_scheme = %1$L; SELECT refresh_cmc_regimes(2)',
        'UPDATE regime_source SET bars_ts_column = bars_tf_column WHERE cal_scheme = %1$L; SELECT refresh_cmc_regimes(2)',
        'DELETE FROM regime_source WHERE cal_scheme = %1$L AND layer = ''L2''; SELECT refresh_cmc_regimes(2)',
        'DELETE FROM %1$I.%1$I; SELECT refresh_cmc_regimes(2)', 'INSERT INTO %1$I.emas TABLE %1$I.emas; SELECT regime_compute(2)',
        'INSERT INTO %1$I.%1$I TABLE %1$I.%1$I; SELECT regime_compute(2)',
        'SET LOCAL pg_regime.target_schema = %1$L || ''.''; SELECT regime_setup(%1$L || ''.'')',
        'ALTER TABLE %1$I.cmc_regimes ALTER size_mult TYPE real; SELECT regime_setup(%1$L)',
        'SELECT regime_performance(%1$L)', 'SELECT regime_tag_signals(%1$L || ''.'')'] LOOP
        BEGIN
            EXECUTE format(call, name);
            RAISE 'no error';
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS command = PG_EXCEPTION_HINT;
        END;
        INSERT INTO typed_by_user VALUES (command);
    END LOOP;
    SELECT count(*) INTO hints FROM typed_by_user t WHERE t.command <> '';
    number := n;
    alive := to_regclass('public.canary') IS NOT NULL;
    PERFORM set_config('pg_regime.target_schema', 'public', true), set_config('pg_regime.cal_scheme', 'iso', true);
    DELETE FROM regime_source WHERE cal_scheme = name;
    RETURN NEXT;
END $$;
SELECT number, first, tracked, marks, again, alive, hints > 0 AS hints FROM hostile h, try(h.n, h.name) ORDER BY n;
-- Each whole, each part up to a semicolon at the end of a line, each after a colon.
SELECT count(*) FROM (
    SELECT typed(command), typed(split_part(command, ': ', 2)), typed(regexp_replace(command, '^[^:]*: ', '')), typed(regexp_replace(command, '^.*\? ', ''))
    FROM (SELECT DISTINCT command FROM typed_by_user WHERE command <> '') c) t;
SELECT alive FROM canary;
-- With standard strings off too, in which a backslash escapes a quote: literals with one say so.
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SELECT count(*) > 0 AS typed FROM (SELECT typed(command), typed(regexp_replace(command, '^[^:]*: ', '')) FROM (SELECT DISTINCT command FROM typed_by_user) c) t;
RESET standard_conforming_strings;
RESET escape_string_warning;
SELECT alive FROM canary;
-- The calendar in HINTs and commands, as users see it.
DELETE FROM regime_source WHERE cal_scheme NOT IN ('iso', 'us', 'any');
SET pg_regime.cal_scheme = 'mine''; DROP TABLE canary; --';
INSERT INTO regime_source SELECT (jsonb_populate_record(s, jsonb_build_object('cal_scheme', current_setting('pg_regime.cal_scheme')))).*
    FROM regime_source s WHERE cal_scheme = 'iso';
UPDATE regime_source SET close_column = 'gone' WHERE cal_scheme = current_setting('pg_regime.cal_scheme');
SELECT refresh_cmc_regimes(2);
SELECT advice FROM regime_check_inputs_details() WHERE advice LIKE '%canary%' LIMIT 1;
DELETE FROM regime_source WHERE cal_scheme = current_setting('pg_regime.cal_scheme') AND layer = 'L2';
SELECT refresh_cmc_regimes(2);
SELECT regime_build_inputs();
RESET pg_regime.cal_scheme;

-- Long texts of users are not echoed whole.
CREATE FUNCTION policy_error(name text) RETURNS TABLE (message text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM resolve_policy(l2 => 'x', policy => name);
EXCEPTION WHEN OTHERS THEN
    RETURN QUERY SELECT SQLERRM;
END $$;
CREATE FUNCTION lengths(call text) RETURNS TABLE (message int, detail int, hint int) LANGUAGE plpgsql AS $$
DECLARE m text; d text; h text;
BEGIN
    EXECUTE call;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
    RETURN QUERY SELECT octet_length(m), octet_length(d), octet_length(h);
END $$;
SELECT call, message <= 1003 AND detail <= 10003 AND hint <= 10000 AS is_short FROM (VALUES
    ('SELECT resolve_policy(l2 => ''x'', policy => repeat(''ü'', 500000))'),
    ('SELECT regime_drop_policy(repeat(''x'', 1000000))'),
    ('SELECT refresh_cmc_regimes(2, policy => repeat(''x'', 1000000))'),
    ('SELECT refresh_cmc_regimes(2, cal_scheme => repeat(''x'', 1000000))'),
    ('SELECT regime_build_inputs(cal_scheme => repeat(''x'', 1000000))'),
    ('SELECT regime_asset(repeat(''x'', 1000000))'),
    ('SELECT regime_load_policy(''p'', jsonb_build_array(jsonb_build_object(repeat(''x'', 1000000), 1))::text::json)'),
    ('SELECT regime_load_policy(''p'', (''['' || repeat(''x'', 1000000))::text)'),
    ('SELECT regime_label_weekly(2, mode => repeat(''x'', 1000000))'),
    ('SELECT refresh_market_regimes(repeat(''x'', 1000000), ''1h'')'),
    ('SELECT market_regime_history_latest(repeat(''x'', 1000000))'),
    ('SELECT regime_setup(repeat(''x'', 1000000))')) AS c (call), lengths(call);
SELECT regexp_replace(message, 'x{100,}', 'xxx', 'g') AS message FROM (
    SELECT message FROM policy_error(repeat('x', 1000000))) m;
\set ECHO none
SET client_min_messages = error;
SELECT format('DROP SCHEMA IF EXISTS %I CASCADE', nspname) FROM pg_namespace WHERE oid >= 16384 AND nspname NOT IN ('public') \gexec
