-- For tests/traps.sh, in a new database: schema traps, which holds the traps, and schema lay, which holds what lays them
-- and what calls the functions of the extension. To be run with search_path = ''.
--
-- A trap is an operator, a function, a type or a relation under a name of PostgreSQL's that serves as the original does,
-- and says in the server's log that a statement has found it instead: at the latest when the statement is run, mostly
-- when it is planned, where PostgreSQL inlines SQL functions and evaluates constants. Nothing that swallows errors, rolls
-- back or reads no row hides that.
CREATE SCHEMA traps;
CREATE SCHEMA lay;
GRANT USAGE ON SCHEMA traps, lay TO PUBLIC;

CREATE FUNCTION traps.sprung(trap text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RAISE LOG 'trap sprung: %', trap;
    RETURN true;
END $$;

-- Types that are converted to another implicitly.
CREATE TABLE lay.converted AS
WITH element AS (
    SELECT castsource AS given, casttarget AS wanted FROM pg_cast
    WHERE castcontext = 'i' AND castsource <> casttarget
    AND castsource::regtype::text !~ '^(pg_|xml|reg(proc|oper|conf|dict|role|name|coll))' AND casttarget::regtype::text !~ '^(pg_|xml)'
)
SELECT given, wanted FROM element
UNION ALL
SELECT g.typarray, w.typarray FROM element
JOIN pg_type g ON g.oid = given JOIN pg_type w ON w.oid = wanted WHERE g.typarray <> 0 AND w.typarray <> 0;
CREATE INDEX ON lay.converted (wanted);

-- What polymorphic arguments stand for.
CREATE TABLE lay.element AS
SELECT t.oid, t.typarray, r.rngtypid FROM pg_type t LEFT JOIN pg_range r ON r.rngsubtype = t.oid
WHERE t.oid = ANY (ARRAY['bool', 'int2', 'int4', 'int8', 'float4', 'float8', 'numeric', 'text', 'varchar', 'name', '"char"', 'oid',
                         'regclass', 'timestamptz', 'timestamp', 'date', 'interval', 'jsonb', 'uuid', 'bytea']::regtype[]);

CREATE FUNCTION lay.is_polymorphic(type oid) RETURNS boolean LANGUAGE sql IMMUTABLE AS
$$ SELECT type::regtype::text ~ '^any' OR type = '"any"'::regtype $$;

-- A type, or what it stands for if it is polymorphic.
CREATE FUNCTION lay.bound(type oid, e lay.element) RETURNS oid LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN NOT lay.is_polymorphic(type) THEN type WHEN type::regtype::text ~ 'multirange' THEN NULL
                WHEN type::regtype::text ~ 'array' THEN e.typarray WHEN type::regtype::text ~ 'range' THEN e.rngtypid ELSE e.oid END
$$;

-- Arguments, and variants that fit better what is converted to these: one argument after the other, both of two.
CREATE FUNCTION lay.variants(args oid[]) RETURNS SETOF oid[] LANGUAGE sql AS $$
    SELECT args
    UNION
    SELECT args[:n - 1] || c.given || args[n + 1:]
    FROM generate_subscripts(args, 1) AS n JOIN lay.converted c ON c.wanted = args[n]
    UNION
    SELECT ARRAY[a.given, b.given] FROM lay.converted a, lay.converted b
    WHERE array_length(args, 1) = 2 AND a.wanted = args[1] AND b.wanted = args[2]
$$;

CREATE FUNCTION lay.types(args oid[]) RETURNS text LANGUAGE sql AS
$$ SELECT coalesce(string_agg(format_type(t, NULL), ', ' ORDER BY n), '') FROM unnest(args) WITH ORDINALITY AS u (t, n) $$;

-- The types of a function's arguments.
CREATE FUNCTION lay.args(f pg_proc) RETURNS oid[] LANGUAGE sql IMMUTABLE AS $$ SELECT ARRAY(SELECT unnest(f.proargtypes)) $$;

CREATE FUNCTION lay.volatility(provolatile "char") RETURNS text LANGUAGE sql AS
$$ SELECT CASE provolatile WHEN 'i' THEN 'IMMUTABLE' WHEN 's' THEN 'STABLE' ELSE 'VOLATILE' END $$;

-- Runs a statement; false where PostgreSQL says that there can be no such thing, or is one.
CREATE FUNCTION lay.made(ddl text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE ddl;
    RETURN true;
EXCEPTION WHEN duplicate_function OR undefined_function OR ambiguous_function OR invalid_function_definition OR datatype_mismatch
            OR invalid_table_definition OR duplicate_table THEN
    RETURN false;
END $$;

-- Traps for all operators but those of geometry and network addresses.
CREATE FUNCTION lay.operators() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    o record;
BEGIN
    FOR o IN
        WITH original AS (
            SELECT oprname, oprleft, oprright, oprresult, provolatile FROM pg_operator JOIN pg_proc p ON p.oid = oprcode
            WHERE oprnamespace = 'pg_catalog'::regnamespace
            AND NOT EXISTS (SELECT FROM pg_type t WHERE t.oid IN (oprleft, oprright) AND typcategory IN ('G', 'I'))
        ), bound AS (
            SELECT oprname, lay.bound(oprleft, e) AS l, lay.bound(oprright, e) AS r, lay.bound(oprresult, e) AS result, provolatile
            FROM original, lay.element e WHERE lay.is_polymorphic(oprleft) OR lay.is_polymorphic(oprright)
            UNION
            SELECT * FROM original WHERE NOT lay.is_polymorphic(oprleft) AND NOT lay.is_polymorphic(oprright)
        )
        SELECT DISTINCT ON (oprname, args) oprname AS name, args, result, provolatile,
               format(CASE l WHEN 0 THEN 'OPERATOR(pg_catalog.%s) $1' ELSE '$1 OPERATOR(pg_catalog.%s) $2' END, oprname) AS call,
               CASE l WHEN 0 THEN '' ELSE 'LEFTARG = ' || format_type(args[1], NULL) || ', ' END
                   || 'RIGHTARG = ' || format_type(args[cardinality(args)], NULL) AS sides
        FROM bound, lay.variants(CASE l WHEN 0 THEN ARRAY[r] ELSE ARRAY[l, r] END) AS args
        WHERE l IS NOT NULL AND r IS NOT NULL AND result IS NOT NULL ORDER BY oprname, args, args <> ARRAY[l, r]
    LOOP
        IF lay.made(format('CREATE FUNCTION traps.%I(%s) RETURNS %s LANGUAGE sql %s AS $t$ SELECT CASE WHEN traps.sprung(%L) THEN %s END $t$',
                           o.name, lay.types(o.args), format_type(o.result, NULL), lay.volatility(o.provolatile),
                           o.name || ' of ' || lay.types(o.args), o.call)) THEN
            EXECUTE format('CREATE OPERATOR traps.%s (FUNCTION = traps.%1$I, %s)', o.name, o.sides);
        END IF;
    END LOOP;
END $$;

-- A trap for a function. An aggregate or a window function becomes an aggregate that gives NULL.
CREATE FUNCTION lay.function(f pg_proc, args oid[], result text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    types text := lay.types(args);
    trap text := f.proname || ' of ' || types;
    step text := f.proname || ' step';
    last text := f.proname || ' to ' || result;
    call text;
BEGIN
    IF f.prokind = 'f' THEN
        SELECT format('pg_catalog.%I(%s)', f.proname, string_agg(CASE WHEN f.provariadic NOT IN (0, '"any"'::regtype) AND n = cardinality(args)
                                                                 THEN 'VARIADIC $' ELSE '$' END || n, ', ' ORDER BY n)) INTO call
        FROM generate_subscripts(args, 1) AS n;
        PERFORM lay.made(format('CREATE FUNCTION traps.%I(%s) RETURNS %s LANGUAGE sql %s AS $t$ SELECT %s $t$',
            f.proname, types, result, lay.volatility(f.provolatile),
            CASE WHEN f.proretset THEN format('* FROM %s WHERE traps.sprung(%L)', call, trap)
                 ELSE format('CASE WHEN traps.sprung(%L) THEN %s END', trap, call) END));
    ELSIF lay.made(format('CREATE FUNCTION traps.%I(%s) RETURNS boolean LANGUAGE sql AS $t$ SELECT traps.sprung(%L) $t$',
                          step, concat_ws(', ', 'boolean', nullif(types, '')), trap)) THEN
        PERFORM lay.made(format('CREATE FUNCTION traps.%I(boolean) RETURNS %s LANGUAGE sql AS $t$ SELECT CASE WHEN traps.sprung(%L) THEN NULL::%2$s END $t$',
                                last, result, f.proname));
        PERFORM lay.made(format('CREATE AGGREGATE traps.%I(%s) (SFUNC = traps.%I, STYPE = boolean, FINALFUNC = traps.%I)',
                                f.proname, CASE types WHEN '' THEN '*' ELSE types END, step, last));
    END IF;
END $$;

-- Traps for the functions of these names.
CREATE FUNCTION lay.functions(names text[]) RETURNS void LANGUAGE sql AS $$
    WITH original AS (
        SELECT p, lay.args(p) AS args, provariadic FROM pg_proc p
        WHERE pronamespace = 'pg_catalog'::regnamespace AND proname = ANY (names)
        AND 'internal'::regtype <> ALL (proargtypes) AND 'cstring'::regtype <> ALL (proargtypes)
        AND NOT EXISTS (SELECT FROM pg_aggregate a WHERE a.aggfnoid = p.oid AND a.aggkind <> 'n')
    ), longer AS (
        SELECT p, args FROM original
        UNION ALL
        SELECT p, args || array_fill('"any"'::regtype::oid, ARRAY[n])
        FROM original, generate_series(1, 2) AS n WHERE provariadic = '"any"'::regtype
    ), bound AS (
        SELECT p, ARRAY(SELECT lay.bound(t, e) FROM unnest(args) WITH ORDINALITY AS u (t, n) ORDER BY n) AS args,
               CASE WHEN (p).proretset THEN 'SETOF ' ELSE '' END || format_type(lay.bound((p).prorettype, e), NULL) AS result
        FROM longer, lay.element e WHERE EXISTS (SELECT FROM unnest(args) AS t WHERE lay.is_polymorphic(t))
        UNION ALL
        SELECT p, args, pg_get_function_result((p).oid) FROM longer
        WHERE NOT EXISTS (SELECT FROM unnest(args) AS t WHERE lay.is_polymorphic(t))
    )
    SELECT count(lay.function(p, variant, result)) FROM (
        SELECT DISTINCT ON ((p).proname, variant) p, variant, result FROM bound, lay.variants(args) AS variant
        WHERE array_position(args, NULL) IS NULL AND result IS NOT NULL ORDER BY (p).proname, variant, variant <> args
    ) AS v
$$;

-- Traps for types.
CREATE FUNCTION lay.types() RETURNS void LANGUAGE sql AS $$
    SELECT count(lay.made(format('CREATE DOMAIN traps.%I AS pg_catalog.%1$I CHECK (traps.sprung(%L))', typname, 'type ' || typname)))
    FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype = 'b' AND typcategory NOT IN ('A', 'Z') AND typname !~ '^pg_'
$$;

-- Traps for the relations of PostgreSQL, and for those of a database that has been set up.
CREATE FUNCTION lay.relations() RETURNS void LANGUAGE sql AS $$
    SELECT count(lay.made(format('CREATE VIEW traps.%I AS SELECT * FROM %s WHERE traps.sprung(%L)', relname, oid::regclass, 'relation ' || relname)))
    FROM pg_class c
    WHERE relnamespace IN ('pg_catalog'::regnamespace, to_regnamespace('public'), to_regnamespace('regime_work')) AND relkind IN ('r', 'v')
    AND NOT EXISTS (SELECT FROM pg_class t WHERE t.relname = c.relname AND t.relnamespace = 'traps'::regnamespace)
    AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND atttypid = 'anyarray'::regtype AND attnum > 0);
    GRANT SELECT ON ALL TABLES IN SCHEMA traps TO PUBLIC
$$;

-- The functions, procedures, tables and views of the extension.
CREATE VIEW lay.member AS
SELECT classid, objid FROM pg_depend
WHERE deptype = 'e' AND refclassid = 'pg_extension'::regclass AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_regime');

-- Traps beside the extension's own functions, in its own schema: variants, and forms without arguments that have a
-- default.
CREATE FUNCTION lay.own_functions() RETURNS void LANGUAGE sql AS $$
    SELECT count(lay.made(format('CREATE FUNCTION traps.%I(%s) RETURNS %s LANGUAGE plpgsql AS $t$ BEGIN RAISE ''%%'', traps.sprung(%L); END $t$',
                                 proname, lay.types(args), pg_get_function_result(oid), proname || ' of ' || lay.types(args))))
    FROM (
        SELECT DISTINCT ON (proname, args) proname, args, p.oid FROM pg_proc p,
        generate_series((pronargs - pronargdefaults)::int, pronargs) AS n, lay.variants((lay.args(p))[:n]) AS args
        WHERE prokind = 'f' AND p.oid IN (SELECT objid FROM lay.member WHERE classid = 'pg_proc'::regclass) AND prorettype <> 'trigger'::regtype
    ) AS v
$$;

-- Stored definitions that hold a trap.
CREATE VIEW lay.caught AS
WITH trap AS (
    SELECT 'pg_proc'::regclass AS classid, oid FROM pg_proc WHERE pronamespace = 'traps'::regnamespace
    UNION ALL
    SELECT 'pg_operator'::regclass, oid FROM pg_operator WHERE oprnamespace = 'traps'::regnamespace
    UNION ALL
    SELECT 'pg_type'::regclass, oid FROM pg_type WHERE typnamespace = 'traps'::regnamespace
    UNION ALL
    SELECT 'pg_class'::regclass, oid FROM pg_class WHERE relnamespace = 'traps'::regnamespace AND relkind <> 'i'
    EXCEPT
    SELECT classid, objid FROM lay.member
    EXCEPT
    -- The rows of the extension's tables, arrays of its types, and the columns of its types of rows.
    SELECT 'pg_type'::regclass, reltype FROM pg_class WHERE oid IN (SELECT objid FROM lay.member WHERE classid = 'pg_class'::regclass)
    EXCEPT
    SELECT 'pg_type'::regclass, typarray FROM pg_type WHERE oid IN (SELECT objid FROM lay.member WHERE classid = 'pg_type'::regclass)
    EXCEPT
    SELECT 'pg_class'::regclass, typrelid FROM pg_type WHERE oid IN (SELECT objid FROM lay.member WHERE classid = 'pg_type'::regclass)
)
SELECT pg_describe_object(d.classid, d.objid, d.objsubid) || ' holds ' || pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid) AS what
FROM pg_depend d JOIN trap ON (d.refclassid, d.refobjid) = (trap.classid, trap.oid)
LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
LEFT JOIN pg_constraint c ON d.classid = 'pg_constraint'::regclass AND d.objid = c.oid
WHERE deptype IN ('n', 'a')
AND NOT EXISTS (SELECT FROM trap AS own WHERE (own.classid, own.oid) = (d.classid, d.objid))
AND NOT EXISTS (SELECT FROM trap AS own WHERE (own.classid, own.oid) = ('pg_class'::regclass, r.ev_class))
AND NOT EXISTS (SELECT FROM trap AS own WHERE (own.classid, own.oid) = ('pg_type'::regclass, c.contypid));

-- What is passed for an argument, by its name.
CREATE TABLE lay.argument (names text[], value text);
INSERT INTO lay.argument VALUES
    ('{id,asset}', '1'), ('{symbol}', 'MARKET'), ('{timeframe}', '1d'),
    ('{cal_scheme}', 'iso'), ('{policy}', 'mine'), ('{rules}', '[{"match": "Up-", "size_mult": 0.5}]'), ('{config}', '{"vol_high_percentile": 80}'),
    ('{mode}', 'full'), ('{hysteresis}', 'true'), ('{hysteresis_mode}', 'symmetric'), ('{min_hold_bars}', '2'),
    ('{min_bars_l0}', '24'), ('{min_bars_l1}', '50'), ('{min_bars_l2}', '100'), ('{l0,l1,l2,l3,l4,l4_label}', 'Up-Low-Normal'),
    ('{point_in_time,enable}', 'true'), ('{dry_run,full_refresh,only_dirty}', 'false'), ('{regime_enabled,log_scale,are_openings}', 'true'), ('{times}', '{2018-06-01,2018-06-02}'),
    ('{open,volume,close,high,low,ema_fast,ema_mid,ema_slow,atr}', '{1,2,3}'), ('{sample}', '20'), ('{batch_size}', '2'),
    ('{at,as_of,to_ts}', '2018-06-01'), ('{from_ts}', '2018-01-01'), ('{start_date,from_date}', '2018-02-01'),
    ('{end_date,to_date}', '2018-03-01'), ('{deadline}', 'infinity'), ('{max_runtime}', '1 hour'), ('{max_age}', '3000 days'),
    ('{layer}', 'composite'), ('{horizons}', '{1,5}'), ('{width}', '200'), ('{height}', '300'), ('{setup}', 'breakout'), ('{base_size}', '1'),
    ('{min_confidence}', '0.1'), ('{assets}', '{1,MARKET}'), ('{symbols}', '{MARKET}'), ('{kind}', 'stale asset'), ('{n_assets}', '3'), ('{days}', '900'), ('{seed}', '1'), ('{target_schema}', 'public'), ('{relation}', 'public.signals'),
    ('{asset_column}', 'id'), ('{ts_column}', 'ts'), ('{key_column}', 'regime_key'), ('{returns}', 'public.market_returns'), ('{date_column}', 'date'),
    ('{return_column}', 'daily_return'), ('{lag_days}', '1'), ('{percentile}', '0.7'), ('{to_schema}', 'moved'), ('{keep_rows}', 'false'), ('{force,strict}', 'true'), ('{bucket}', 'HIGH'), ('{system}', 'market_states'), ('{systems}', '{cmc_regimes,market_regimes,market_states}'),
    ('{role}', 'postgres'), ('{purpose}', 'refresher'), ('{weights}', '{0.5,0.5}'), ('{n}', '3'), ('{horizon,lookback}', '10'), ('{atr_multiple}', '3'), ('{fall}', '0.2'), ('{policies}', '{default,mine}'), ('{cost_bps}', '10'), ('{bars_per_year}', '252'), ('{threshold}', '-0.05'), ('{thresholds}', '{-0.05}'), ('{window_bars}', '252');

-- A statement for each function and procedure, with every argument, or only with those that have no default. What
-- removes something comes last, a backtest before refreshes that give a label to all of history; the steps of a procedure are left to the procedure, a repaint check of every row, which
-- takes long, is left out, and what moves or removes everything comes after all others (tests/traps.sh),
-- which connects prices of their own and compares tables of others, too.
CREATE FUNCTION lay.calls(whole boolean) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT CASE prokind WHEN 'p' THEN 'CALL ' ELSE 'SELECT FROM ' END || format('traps.%I(%s);', proname, (
        SELECT string_agg(coalesce(format('%L::%I.%I', value, nspname, typname), format('<no value for %s: add it to lay.argument>', name)), ', ' ORDER BY n)
        FROM unnest(proargnames[:pronargs], lay.args(p)) WITH ORDINALITY AS u (name, type, n)
        JOIN pg_type t ON t.oid = type JOIN pg_namespace ns ON ns.oid = typnamespace LEFT JOIN lay.argument ON name = ANY (names)
        WHERE n <= CASE WHEN whole THEN pronargs ELSE pronargs - pronargdefaults END
    ))
    FROM pg_proc p WHERE oid IN (SELECT objid FROM lay.member WHERE classid = 'pg_proc'::regclass) AND prorettype <> 'trigger'::regtype
    AND proname !~ '^((regime_round|market_regimes_round|market_states_round|market_regime_backfill)_(begin|next|end)|regime_move|regime_teardown|regime_connect|regime_disconnect|regime_compare)$' AND proname !~ '^regime_asset_ref' AND (whole OR pronargdefaults > 0 AND proname <> 'regime_repaint_check')
    ORDER BY proname ~ '^(regime_drop|delete)_', proname !~ '^regime_load_', proname !~ '^regime_backtest', provolatile DESC, oid
$$;
