-- Procedures that commit between batches. They are PL/pgSQL around functions, since only PL/pgSQL can tell a CALL inside a
-- transaction block, where nothing can be committed, from a CALL outside. A SET clause would forbid COMMIT: every name and
-- operator is qualified instead. READ COMMITTED, whatever isolation the session prefers, so that statements after a lock
-- see what its last holder committed; the transaction of the CALL has a snapshot already, so that where it keeps this
-- snapshot the first step gives NULL and is taken again in the next transaction. The schema of pg_regime may be renamed, also
-- between batches: its name is looked up before each of them.

CREATE PROCEDURE refresh_all_cmc_regimes(
    batch_size int DEFAULT 50,
    only_dirty boolean DEFAULT false,
    max_runtime interval DEFAULT NULL,
    cal_scheme text DEFAULT NULL,
    policy text DEFAULT NULL,
    hysteresis boolean DEFAULT NULL,
    hysteresis_mode text DEFAULT NULL,
    min_hold_bars int DEFAULT NULL,
    min_bars_l0 int DEFAULT NULL,
    min_bars_l1 int DEFAULT NULL,
    min_bars_l2 int DEFAULT NULL,
    l4_label text DEFAULT NULL,
    point_in_time boolean DEFAULT NULL,
    assets regime_asset_ref[] DEFAULT NULL,
    force boolean DEFAULT false,
    config jsonb DEFAULT NULL
) LANGUAGE plpgsql AS $$
DECLARE
    own pg_catalog.text;
    round bigint;
    -- Within a thousand years, which is also what NULL comes to: the sum is a moment whatever interval is given.
    deadline pg_catalog.timestamptz := pg_catalog.clock_timestamp() OPERATOR(pg_catalog.+)
        GREATEST(LEAST(max_runtime, '1000 years'::pg_catalog.interval), '0'::pg_catalog.interval);
    more boolean := true;
BEGIN
    WHILE round IS NULL LOOP
        own := (SELECT e.extnamespace::pg_catalog.regnamespace::pg_catalog.text FROM pg_catalog.pg_extension e
                WHERE e.extname OPERATOR(pg_catalog.=) 'pg_regime'::pg_catalog.name);
        EXECUTE pg_catalog.format('SELECT %s.regime_round_begin($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)', own) INTO round
            USING only_dirty, batch_size, cal_scheme, policy, hysteresis, hysteresis_mode, min_hold_bars, min_bars_l0, min_bars_l1,
                min_bars_l2, l4_label, point_in_time, assets, force, config;
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    END LOOP;
    WHILE more LOOP
        own := (SELECT e.extnamespace::pg_catalog.regnamespace::pg_catalog.text FROM pg_catalog.pg_extension e
            WHERE e.extname OPERATOR(pg_catalog.=) 'pg_regime'::pg_catalog.name);
        EXECUTE pg_catalog.format('SELECT %s.regime_round_next($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)', own) INTO more
            USING round, batch_size, deadline, cal_scheme, policy, hysteresis, hysteresis_mode, min_hold_bars, min_bars_l0,
                min_bars_l1, min_bars_l2, l4_label, point_in_time, force, config;
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    END LOOP;
    own := (SELECT e.extnamespace::pg_catalog.regnamespace::pg_catalog.text FROM pg_catalog.pg_extension e
            WHERE e.extname OPERATOR(pg_catalog.=) 'pg_regime'::pg_catalog.name);
    EXECUTE pg_catalog.format('SELECT %s.regime_round_end($1)', own) USING round;
END $$;

CREATE PROCEDURE backfill_market_regime_history(
    start_date date DEFAULT '2022-05-01',
    end_date date DEFAULT CURRENT_DATE,
    batch_size int DEFAULT 60,
    symbol text DEFAULT '^GSPC',
    dry_run boolean DEFAULT false,
    full_refresh boolean DEFAULT false
) LANGUAGE plpgsql AS $$
DECLARE
    own pg_catalog.text;
    backfill bigint;
    more boolean;
BEGIN
    WHILE backfill IS NULL LOOP
        own := (SELECT e.extnamespace::pg_catalog.regnamespace::pg_catalog.text FROM pg_catalog.pg_extension e
                WHERE e.extname OPERATOR(pg_catalog.=) 'pg_regime'::pg_catalog.name);
        EXECUTE pg_catalog.format('SELECT %s.market_regime_backfill_begin($1, $2, $3, $4, $5, $6)', own) INTO backfill
            USING start_date, end_date, batch_size, symbol, dry_run, full_refresh;
        IF dry_run THEN
            RETURN;
        END IF;
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    END LOOP;
    LOOP
        own := (SELECT e.extnamespace::pg_catalog.regnamespace::pg_catalog.text FROM pg_catalog.pg_extension e
            WHERE e.extname OPERATOR(pg_catalog.=) 'pg_regime'::pg_catalog.name);
        EXECUTE pg_catalog.format('SELECT %s.market_regime_backfill_next($1)', own) INTO more USING backfill;
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        EXIT WHEN NOT more;
    END LOOP;
    own := (SELECT e.extnamespace::pg_catalog.regnamespace::pg_catalog.text FROM pg_catalog.pg_extension e
            WHERE e.extname OPERATOR(pg_catalog.=) 'pg_regime'::pg_catalog.name);
    EXECUTE pg_catalog.format('SELECT %s.market_regime_backfill_end($1)', own) USING backfill;
END $$;

CREATE PROCEDURE refresh_all_market_regimes(
    symbol text DEFAULT NULL,
    timeframe text DEFAULT NULL,
    full_refresh boolean DEFAULT false,
    batch_size int DEFAULT 50,
    config jsonb DEFAULT NULL
) LANGUAGE plpgsql AS $$
DECLARE
    own pg_catalog.text;
    symbols pg_catalog.text[];
    timeframes pg_catalog.text[];
    series pg_catalog.text[] := '{}';
    sqlstates pg_catalog.text[] := '{}';
    messages pg_catalog.text[] := '{}';
    done int := 0;
BEGIN
    IF batch_size IS NULL OR batch_size OPERATOR(pg_catalog.<) 1 THEN
        RAISE EXCEPTION 'batch_size is %', batch_size USING ERRCODE = 'invalid_parameter_value',
            DETAIL = 'It is the number of series that are committed together, at least 1.', HINT = 'Leave batch_size out, or pass 50.';
    END IF;
    own := (SELECT e.extnamespace::pg_catalog.regnamespace::pg_catalog.text FROM pg_catalog.pg_extension e
            WHERE e.extname OPERATOR(pg_catalog.=) 'pg_regime'::pg_catalog.name);
    EXECUTE pg_catalog.format('SELECT pg_catalog.array_agg(s.symbol), pg_catalog.array_agg(s.timeframe) FROM %s.market_regimes_round_begin($1, $2, $3) AS s', own)
        INTO symbols, timeframes USING symbol, timeframe, config;
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    WHILE done OPERATOR(pg_catalog.<) pg_catalog.cardinality(symbols) LOOP
        own := (SELECT e.extnamespace::pg_catalog.regnamespace::pg_catalog.text FROM pg_catalog.pg_extension e
            WHERE e.extname OPERATOR(pg_catalog.=) 'pg_regime'::pg_catalog.name);
        EXECUTE pg_catalog.format('SELECT $1 OPERATOR(pg_catalog.||) pg_catalog.array_agg(f.series), $2 OPERATOR(pg_catalog.||) pg_catalog.array_agg(f.sqlstate),
            $3 OPERATOR(pg_catalog.||) pg_catalog.array_agg(f.message) FROM %s.market_regimes_round_next($4, $5, $6, $7) AS f', own)
            INTO series, sqlstates, messages
            USING series, sqlstates, messages, symbols[done OPERATOR(pg_catalog.+) 1:done OPERATOR(pg_catalog.+) batch_size],
                timeframes[done OPERATOR(pg_catalog.+) 1:done OPERATOR(pg_catalog.+) batch_size], full_refresh, config;
        done := done OPERATOR(pg_catalog.+) batch_size;
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    END LOOP;
    own := (SELECT e.extnamespace::pg_catalog.regnamespace::pg_catalog.text FROM pg_catalog.pg_extension e
            WHERE e.extname OPERATOR(pg_catalog.=) 'pg_regime'::pg_catalog.name);
    EXECUTE pg_catalog.format('SELECT %s.market_regimes_round_end($1, $2, $3)', own) USING series, sqlstates, messages;
END $$;

CREATE PROCEDURE refresh_all_market_states(
    symbol text DEFAULT NULL,
    timeframe text DEFAULT NULL,
    full_refresh boolean DEFAULT false,
    batch_size int DEFAULT 50
) LANGUAGE plpgsql AS $$
DECLARE
    own pg_catalog.text;
    symbols pg_catalog.text[];
    timeframes pg_catalog.text[];
    series pg_catalog.text[] := '{}';
    sqlstates pg_catalog.text[] := '{}';
    messages pg_catalog.text[] := '{}';
    done int := 0;
BEGIN
    IF batch_size IS NULL OR batch_size OPERATOR(pg_catalog.<) 1 THEN
        RAISE EXCEPTION 'batch_size is %', batch_size USING ERRCODE = 'invalid_parameter_value',
            DETAIL = 'It is the number of series that are committed together, at least 1.', HINT = 'Leave batch_size out, or pass 50.';
    END IF;
    own := (SELECT e.extnamespace::pg_catalog.regnamespace::pg_catalog.text FROM pg_catalog.pg_extension e
            WHERE e.extname OPERATOR(pg_catalog.=) 'pg_regime'::pg_catalog.name);
    EXECUTE pg_catalog.format('SELECT pg_catalog.array_agg(s.symbol), pg_catalog.array_agg(s.timeframe) FROM %s.market_states_round_begin($1, $2) AS s', own)
        INTO symbols, timeframes USING symbol, timeframe;
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    WHILE done OPERATOR(pg_catalog.<) pg_catalog.cardinality(symbols) LOOP
        own := (SELECT e.extnamespace::pg_catalog.regnamespace::pg_catalog.text FROM pg_catalog.pg_extension e
            WHERE e.extname OPERATOR(pg_catalog.=) 'pg_regime'::pg_catalog.name);
        EXECUTE pg_catalog.format('SELECT $1 OPERATOR(pg_catalog.||) pg_catalog.array_agg(f.series), $2 OPERATOR(pg_catalog.||) pg_catalog.array_agg(f.sqlstate),
            $3 OPERATOR(pg_catalog.||) pg_catalog.array_agg(f.message) FROM %s.market_states_round_next($4, $5, $6) AS f', own)
            INTO series, sqlstates, messages
            USING series, sqlstates, messages, symbols[done OPERATOR(pg_catalog.+) 1:done OPERATOR(pg_catalog.+) batch_size],
                timeframes[done OPERATOR(pg_catalog.+) 1:done OPERATOR(pg_catalog.+) batch_size], full_refresh;
        done := done OPERATOR(pg_catalog.+) batch_size;
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    END LOOP;
    own := (SELECT e.extnamespace::pg_catalog.regnamespace::pg_catalog.text FROM pg_catalog.pg_extension e
            WHERE e.extname OPERATOR(pg_catalog.=) 'pg_regime'::pg_catalog.name);
    EXECUTE pg_catalog.format('SELECT %s.market_states_round_end($1, $2, $3)', own) USING series, sqlstates, messages;
END $$;
