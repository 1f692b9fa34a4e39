-- Procedures that commit between batches. They are PL/pgSQL around functions, since only PL/pgSQL can tell a CALL inside a
-- transaction block, where nothing can be committed, from a CALL outside. A SET clause would forbid COMMIT: every name and
-- operator is qualified instead. READ COMMITTED, whatever isolation the session prefers, so that statements after a lock
-- see what its last holder committed.

CREATE PROCEDURE refresh_all_cmc_regimes(
    batch_size int DEFAULT 50,
    only_dirty boolean DEFAULT false,
    max_runtime interval DEFAULT NULL,
    cal_scheme text DEFAULT NULL,
    policy text DEFAULT 'default',
    hysteresis boolean DEFAULT true,
    hysteresis_mode text DEFAULT 'asymmetric',
    min_hold_bars int DEFAULT NULL,
    min_bars_l0 int DEFAULT NULL,
    min_bars_l1 int DEFAULT NULL,
    min_bars_l2 int DEFAULT NULL,
    l4_label text DEFAULT NULL,
    point_in_time boolean DEFAULT false
) LANGUAGE plpgsql AS $$
DECLARE
    round bigint;
    deadline pg_catalog.timestamptz := pg_catalog.clock_timestamp() OPERATOR(pg_catalog.+) max_runtime;
    more boolean := true;
BEGIN
    round := @extschema@.regime_round_begin(only_dirty, batch_size, cal_scheme, policy, hysteresis, hysteresis_mode, min_hold_bars,
        min_bars_l0, min_bars_l1, min_bars_l2, l4_label, point_in_time);
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    WHILE more LOOP
        more := @extschema@.regime_round_next(round, batch_size, deadline, cal_scheme, policy, hysteresis, hysteresis_mode,
            min_hold_bars, min_bars_l0, min_bars_l1, min_bars_l2, l4_label, point_in_time);
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    END LOOP;
    PERFORM @extschema@.regime_round_end(round);
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
    backfill bigint;
    more boolean;
BEGIN
    backfill := @extschema@.market_regime_backfill_begin(start_date, end_date, batch_size, symbol, dry_run, full_refresh);
    IF dry_run THEN
        RETURN;
    END IF;
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    LOOP
        more := @extschema@.market_regime_backfill_next(backfill);
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        EXIT WHEN NOT more;
    END LOOP;
    PERFORM @extschema@.market_regime_backfill_end(backfill);
END $$;
