-- A trusted extension's script runs as a superuser, with the schema of the extension on the search_path, where others may
-- create: here the path offers PostgreSQL's own alone, and what is made is named with its schema.
SET LOCAL search_path = pg_catalog, pg_temp;

-- Labels, policies and names are UTF-8 throughout.
DO $$ BEGIN
    IF pg_catalog.current_setting('server_encoding') <> 'UTF8' THEN
        RAISE EXCEPTION 'pg_regime needs a database with encoding UTF8, not %', pg_catalog.current_setting('server_encoding')
            USING ERRCODE = 'feature_not_supported',
                  HINT = 'CREATE DATABASE name ENCODING ''UTF8'' TEMPLATE template0;';
    END IF;
END $$;


-- The source map and the policies. What is the user's lies in tables of its own, which are dumped: no row of a dump meets
-- a row that CREATE EXTENSION made, so that a dump can be restored whether triggers are enabled or not.

CREATE TABLE @extschema@.regime_source_user (
    cal_scheme text NOT NULL CHECK (cal_scheme <> ''),
    layer text NOT NULL CHECK (layer IN ('L0', 'L1', 'L2', 'L3', 'L4', 'candles')),
    tf text,
    periods int[] CHECK (pg_catalog.cardinality(periods) = 3 AND pg_catalog.array_ndims(periods) = 1 AND pg_catalog.array_lower(periods, 1) = 1 AND 0 < periods[1] AND periods[1] < periods[2] AND periods[2] < periods[3] AND pg_catalog.array_position(periods, NULL) IS NULL),
    bars_schema name NOT NULL DEFAULT 'public',
    bars_table name NOT NULL,
    bars_filter jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(bars_filter) = 'object'),
    bars_id_column name NOT NULL DEFAULT 'id',
    bars_tf_column name NOT NULL DEFAULT 'tf',
    bars_ts_column name NOT NULL DEFAULT 'time_close',
    bars_ts_unit text CHECK (bars_ts_unit IN ('s', 'ms', 'us')),
    bars_zone text CHECK (bars_zone <> ''),
    bars_shift interval CHECK (pg_catalog.isfinite(bars_shift) AND bars_shift BETWEEN '-10 years'::interval AND '10 years'::interval),
    close_column name NOT NULL DEFAULT 'close',
    high_column name,
    low_column name,
    open_column name DEFAULT 'open',
    volume_column name DEFAULT 'volume',
    atr_column name,
    adx_column name,
    adx_floor float8 CHECK (adx_floor >= 0::float8 AND adx_floor <= 100::float8),
    spread_column name,
    slippage_column name,
    ema_schema name NOT NULL DEFAULT 'public',
    ema_table name,
    ema_filter jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(ema_filter) = 'object'),
    ema_id_column name NOT NULL DEFAULT 'id',
    ema_tf_column name NOT NULL DEFAULT 'tf',
    ema_ts_column name NOT NULL DEFAULT 'ts',
    ema_period_column name NOT NULL DEFAULT 'period',
    ema_column name NOT NULL DEFAULT 'ema',
    build_calendar text CHECK (build_calendar IN ('iso', 'us')),
    label_column name,
    label_id_column name,
    known_at_column name,
    label_hold int CHECK (label_hold >= 0 AND label_hold <= 1000),
    origin text NOT NULL DEFAULT 'user' CHECK (origin IN ('user', 'deleted')),
    PRIMARY KEY (cal_scheme, layer),
    CONSTRAINT layer_columns CHECK (CASE layer WHEN 'candles' THEN cal_scheme = 'any' AND high_column IS NOT NULL AND low_column IS NOT NULL
                                    WHEN 'L4' THEN label_column IS NOT NULL
                                    ELSE layer = 'L3' AND label_column IS NOT NULL OR periods IS NOT NULL AND ema_table IS NOT NULL END),
    CONSTRAINT label_columns CHECK (CASE WHEN label_column IS NULL THEN pg_catalog.num_nonnulls(label_id_column, known_at_column, label_hold) = 0
                                    ELSE layer IN ('L3', 'L4') END),
    CONSTRAINT labels_without_tf CHECK (label_column IS NULL OR tf IS NULL AND bars_id_column = 'id' AND bars_tf_column = 'tf')
);
COMMENT ON TABLE @extschema@.regime_source_user IS 'The rows of regime_source that were edited or inserted, and built-in rows that were deleted; dumped and restored. Write to regime_source';
COMMENT ON COLUMN @extschema@.regime_source_user.cal_scheme IS 'Calendar of weeks and months: iso (Monday to Sunday), us (Sunday to Saturday), or your own; any for candles';
COMMENT ON COLUMN @extschema@.regime_source_user.layer IS 'L0 monthly, L1 weekly, L2 daily, L3 intraday (no row by default), L4 labels from elsewhere (no row by default); candles: those of market_regimes, market_regime_history and market_states, cal_scheme any';
COMMENT ON COLUMN @extschema@.regime_source_user.tf IS 'Value of the tf columns that selects the layer''s bars and EMAs; NULL reads the tables whole. Of candles: their only timeframe, where they have no column of timeframes';
COMMENT ON COLUMN @extschema@.regime_source_user.periods IS 'EMA periods in bars: fast, mid, slow; candles have none';
COMMENT ON COLUMN @extschema@.regime_source_user.bars_schema IS 'Schema of the bars relation';
COMMENT ON COLUMN @extschema@.regime_source_user.bars_table IS 'Table or view of bars';
COMMENT ON COLUMN @extschema@.regime_source_user.bars_filter IS 'Further conditions on bars, column to value: {"venue": "X"}; null means IS NULL';
COMMENT ON COLUMN @extschema@.regime_source_user.bars_id_column IS 'Asset id of a bar, or its symbol, of which dim_assets beside the daily bars has the id; symbol of a candle';
COMMENT ON COLUMN @extschema@.regime_source_user.bars_tf_column IS 'Timeframe of a bar';
COMMENT ON COLUMN @extschema@.regime_source_user.bars_ts_column IS 'When a bar closed, a candle opened: timestamptz; timestamp or date in bars_zone; or an integer that counts from 1970 in bars_ts_unit';
COMMENT ON COLUMN @extschema@.regime_source_user.bars_ts_unit IS 'What integer times count since 1970: s, ms or us (seconds, milliseconds, microseconds); NULL for times of other types';
COMMENT ON COLUMN @extschema@.regime_source_user.bars_zone IS 'Time zone of times without one, of the shift, and of the day that a daily bar belongs to; NULL is UTC';
COMMENT ON COLUMN @extschema@.regime_source_user.bars_shift IS 'Added to the time of a bar in bars_zone, as ''1 day - 1 millisecond'' for the end of the day of a date; NULL adds nothing';
COMMENT ON COLUMN @extschema@.regime_source_user.close_column IS 'Closing price';
COMMENT ON COLUMN @extschema@.regime_source_user.high_column IS 'Highest price; of candles alone';
COMMENT ON COLUMN @extschema@.regime_source_user.low_column IS 'Lowest price; of candles alone';
COMMENT ON COLUMN @extschema@.regime_source_user.open_column IS 'Opening price; of candles alone, read by market_states, which needs it';
COMMENT ON COLUMN @extschema@.regime_source_user.volume_column IS 'Traded volume; of candles alone, read by market_states. NULL: all volumes are unknown';
COMMENT ON COLUMN @extschema@.regime_source_user.atr_column IS 'Average true range in price units, of the bars relation; NULL: volatility from the closes';
COMMENT ON COLUMN @extschema@.regime_source_user.adx_column IS 'ADX of the bars relation; used with adx_floor';
COMMENT ON COLUMN @extschema@.regime_source_user.adx_floor IS 'A trend whose ADX is at or under this is Sideways; NULL or 0: no floor';
COMMENT ON COLUMN @extschema@.regime_source_user.spread_column IS 'Spread of the bars relation; liquidity is judged only with both spread and slippage';
COMMENT ON COLUMN @extschema@.regime_source_user.slippage_column IS 'Slippage of the bars relation; liquidity is judged only with both spread and slippage';
COMMENT ON COLUMN @extschema@.regime_source_user.ema_schema IS 'Schema of the EMA relation';
COMMENT ON COLUMN @extschema@.regime_source_user.ema_table IS 'Table or view of EMAs in long format, one row per (id, ts, tf, period); candles have none';
COMMENT ON COLUMN @extschema@.regime_source_user.ema_filter IS 'Further conditions on EMAs, column to value, that leave one row per bar and period';
COMMENT ON COLUMN @extschema@.regime_source_user.ema_id_column IS 'Asset id of an EMA, or its symbol';
COMMENT ON COLUMN @extschema@.regime_source_user.ema_tf_column IS 'Timeframe of an EMA';
COMMENT ON COLUMN @extschema@.regime_source_user.ema_ts_column IS 'Time of an EMA, equal to that of its bar: read with bars_ts_unit, bars_zone and bars_shift unless regime_build_inputs made the relation';
COMMENT ON COLUMN @extschema@.regime_source_user.ema_period_column IS 'Period of an EMA, in bars';
COMMENT ON COLUMN @extschema@.regime_source_user.ema_column IS 'Value of an EMA';
COMMENT ON COLUMN @extschema@.regime_source_user.build_calendar IS 'Calendar, iso or us, by which each refresh first builds the EMAs of the layer, and of L0 and L1 the bars, from the daily bars; NULL: a refresh builds nothing';
COMMENT ON COLUMN @extschema@.regime_source_user.label_column IS 'Label of a relation of labels, of L3 or L4: bars_schema, bars_table, bars_filter and bars_ts_column say where it is. NULL: a relation of bars';
COMMENT ON COLUMN @extschema@.regime_source_user.label_id_column IS 'Asset id of a label, or its symbol; NULL: the labels are of all assets';
COMMENT ON COLUMN @extschema@.regime_source_user.known_at_column IS 'When a label was known; NULL: at its time. No row of cmc_regimes sees a label earlier';
COMMENT ON COLUMN @extschema@.regime_source_user.label_hold IS 'Consecutive labels of the relation that must show a change that does not reduce risk; NULL and 0: every label counts at once';
COMMENT ON COLUMN @extschema@.regime_source_user.origin IS 'built-in until the row is edited; user rows are dumped and restored, and so is that a built-in row is deleted';

CREATE TABLE @extschema@.regime_source_built_in (
    LIKE @extschema@.regime_source_user INCLUDING DEFAULTS INCLUDING COMMENTS,
    PRIMARY KEY (cal_scheme, layer)
);
COMMENT ON TABLE @extschema@.regime_source_built_in IS 'The rows of regime_source as CREATE EXTENSION makes them; a row of regime_source_user hides the row here. Write to regime_source';

-- The view reads a function, so that Citus, where the user's rows are on every node, does not carry UPDATE and DELETE of the
-- view to the workers. With SET, no statement takes the function apart.
CREATE FUNCTION @extschema@.regime_source_rows() RETURNS SETOF @extschema@.regime_source_user
STABLE PARALLEL SAFE ROWS 10 LANGUAGE sql SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT u.* FROM @extschema@.regime_source_user AS u WHERE u.origin = 'user'
    UNION ALL
    SELECT b.* FROM @extschema@.regime_source_built_in AS b
    WHERE NOT EXISTS (SELECT FROM @extschema@.regime_source_user AS u WHERE u.cal_scheme = b.cal_scheme AND u.layer = b.layer);
END;
COMMENT ON FUNCTION @extschema@.regime_source_rows() IS 'The rows of regime_source';

CREATE VIEW @extschema@.regime_source AS SELECT * FROM @extschema@.regime_source_rows();
COMMENT ON VIEW @extschema@.regime_source IS 'Where the bars and EMAs of each layer are read from, per calendar scheme; edit rows to map other schemas, tables and columns';
DO $$
DECLARE
    c record;
BEGIN
    FOR c IN SELECT attname, col_description(attrelid, attnum) AS is FROM pg_attribute
             WHERE attrelid = '@extschema@.regime_source_user'::regclass AND attnum > 0
    LOOP
        EXECUTE format('COMMENT ON COLUMN @extschema@.regime_source.%I IS %L', c.attname, c.is);
    END LOOP;
END $$;
-- For rows that are inserted: a view has no defaults of its own.
ALTER VIEW @extschema@.regime_source
    ALTER COLUMN bars_schema SET DEFAULT 'public',
    ALTER COLUMN bars_filter SET DEFAULT '{}',
    ALTER COLUMN bars_id_column SET DEFAULT 'id',
    ALTER COLUMN bars_tf_column SET DEFAULT 'tf',
    ALTER COLUMN bars_ts_column SET DEFAULT 'time_close',
    ALTER COLUMN close_column SET DEFAULT 'close',
    ALTER COLUMN open_column SET DEFAULT 'open',
    ALTER COLUMN volume_column SET DEFAULT 'volume',
    ALTER COLUMN ema_schema SET DEFAULT 'public',
    ALTER COLUMN ema_filter SET DEFAULT '{}',
    ALTER COLUMN ema_id_column SET DEFAULT 'id',
    ALTER COLUMN ema_tf_column SET DEFAULT 'tf',
    ALTER COLUMN ema_ts_column SET DEFAULT 'ts',
    ALTER COLUMN ema_period_column SET DEFAULT 'period',
    ALTER COLUMN ema_column SET DEFAULT 'ema', ALTER COLUMN origin SET DEFAULT 'user';

INSERT INTO @extschema@.regime_source_built_in (cal_scheme, layer, tf, periods, bars_table, ema_table, ema_filter, origin)
SELECT s, l.layer, l.tf, l.periods,
       'cmc_price_bars_multi_tf' || CASE WHEN l.layer = 'L2' THEN '' ELSE '_cal_' || s END,
       'cmc_ema_multi_tf' || CASE WHEN l.layer = 'L2' THEN '_u' ELSE '_cal_' || s END,
       CASE WHEN l.layer = 'L2' THEN '{"alignment_source": "multi_tf"}' ELSE '{"roll": false}' END::jsonb,
       'built-in'
FROM (VALUES ('iso'), ('us')) AS c (s),
     (VALUES ('L0', '1M', '{12,24,48}'::int[]), ('L1', '1W', '{20,50,200}'), ('L2', '1D', '{20,50,100}')) AS l (layer, tf, periods)
ORDER BY s, l.layer;

INSERT INTO @extschema@.regime_source_built_in (cal_scheme, layer, bars_table, bars_id_column, bars_tf_column, bars_ts_column, high_column, low_column, origin)
VALUES ('any', 'candles', 'candles', 'symbol', 'timeframe', 'open_time', 'high', 'low', 'built-in');

-- An edited built-in row becomes a row of the user's, which hides the built-in row; so does the mark that stands for a
-- deleted one, as a restore makes all built-in rows anew. The tables are named by the schema of the view, which may be
-- renamed.
CREATE FUNCTION @extschema@.regime_source_write() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    is_deleted bool;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN
        RETURN NEW;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        EXECUTE format('DELETE FROM %I.regime_source_user WHERE cal_scheme = $1 AND layer = $2', TG_TABLE_SCHEMA)
        USING OLD.cal_scheme, OLD.layer;
        IF TG_OP = 'DELETE' OR (NEW.cal_scheme, NEW.layer) IS DISTINCT FROM (OLD.cal_scheme, OLD.layer) THEN
            OLD.origin := 'deleted';
            EXECUTE format('INSERT INTO %1$I.regime_source_user SELECT ($1).* WHERE EXISTS (
                SELECT FROM %1$I.regime_source_built_in AS b WHERE b.cal_scheme = ($1).cal_scheme AND b.layer = ($1).layer)', TG_TABLE_SCHEMA)
            USING OLD;
        END IF;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM %I.regime_source_user WHERE cal_scheme = $1 AND layer = $2 AND origin = ''deleted'')', TG_TABLE_SCHEMA)
    INTO is_deleted USING NEW.cal_scheme, NEW.layer;
    -- A role that may only insert needs no privilege to delete unless the key is that of a deleted row.
    IF is_deleted THEN
        EXECUTE format('DELETE FROM %I.regime_source_user WHERE cal_scheme = $1 AND layer = $2', TG_TABLE_SCHEMA)
        USING NEW.cal_scheme, NEW.layer;
    END IF;
    NEW.origin := 'user';
    EXECUTE format('INSERT INTO %I.regime_source_user SELECT ($1).*', TG_TABLE_SCHEMA) USING NEW;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION @extschema@.regime_source_write() IS 'Trigger function of regime_source: rows that are inserted or edited go to regime_source_user';
CREATE TRIGGER write INSTEAD OF INSERT OR UPDATE OR DELETE ON @extschema@.regime_source
    FOR EACH ROW EXECUTE FUNCTION @extschema@.regime_source_write();
COMMENT ON TRIGGER write ON @extschema@.regime_source IS 'Rows that are inserted or edited become the user''s and hide built-in ones; built-in rows that are deleted are hidden';

CREATE TABLE @extschema@.regime_policy (
    policy text PRIMARY KEY CHECK (policy NOT IN ('', 'default')),
    rules jsonb NOT NULL CHECK (pg_catalog.jsonb_typeof(rules) = 'array'),
    loaded_at timestamptz NOT NULL DEFAULT now(),
    loaded_by text NOT NULL DEFAULT current_user
);
COMMENT ON TABLE @extschema@.regime_policy IS 'Policies loaded with regime_load_policy: overlays over the built-in rules';
COMMENT ON COLUMN @extschema@.regime_policy.policy IS 'Name to pass as policy => ''name''; ''default'' is the built-in rules alone';
COMMENT ON COLUMN @extschema@.regime_policy.rules IS 'The overlay''s rules as loaded, in order; checked again whenever they are used';
COMMENT ON COLUMN @extschema@.regime_policy.loaded_at IS 'When it was loaded';
COMMENT ON COLUMN @extschema@.regime_policy.loaded_by IS 'Who loaded it';

-- How assets are computed: a profile, and the assets that have it.
CREATE TABLE @extschema@.regime_profile (
    profile text PRIMARY KEY CHECK (profile <> ''),
    cal_scheme text CHECK (cal_scheme <> ''),
    policy text CHECK (policy <> ''),
    hysteresis boolean,
    hysteresis_mode text CHECK (hysteresis_mode IN ('asymmetric', 'symmetric')),
    min_hold_bars int CHECK (min_hold_bars >= 0 AND min_hold_bars <= 1000),
    min_bars_l0 int CHECK (min_bars_l0 >= 0),
    min_bars_l1 int CHECK (min_bars_l1 >= 0),
    min_bars_l2 int CHECK (min_bars_l2 >= 0),
    l4_label text CHECK (l4_label <> '' AND pg_catalog.char_length(l4_label) <= 200),
    point_in_time boolean,
    config jsonb CHECK (pg_catalog.jsonb_typeof(config) = 'object' AND NOT pg_catalog.jsonb_path_exists(config, 'strict $.* ? (@.type() != "number")')),
    market_proxy_id int CHECK (market_proxy_id >= -1)
);
COMMENT ON TABLE @extschema@.regime_profile IS 'Profiles: how assets are computed; NULL is the setting or the default. The row ''default'' is of all assets that regime_profile_asset does not name';
COMMENT ON COLUMN @extschema@.regime_profile.profile IS 'Name of the profile; ''default'' is of all assets that have no other';
COMMENT ON COLUMN @extschema@.regime_profile.cal_scheme IS 'Calendar scheme of regime_source; NULL is pg_regime.cal_scheme';
COMMENT ON COLUMN @extschema@.regime_profile.policy IS 'Policy loaded with regime_load_policy; ''default'' and NULL are the built-in rules alone';
COMMENT ON COLUMN @extschema@.regime_profile.hysteresis IS 'Whether label changes are held back; NULL is true';
COMMENT ON COLUMN @extschema@.regime_profile.hysteresis_mode IS 'Which changes are held back: asymmetric (loosening ones) or symmetric (all); NULL is asymmetric';
COMMENT ON COLUMN @extschema@.regime_profile.min_hold_bars IS 'Consecutive daily rows on which a held change must be seen; NULL is pg_regime.min_hold_bars';
COMMENT ON COLUMN @extschema@.regime_profile.min_bars_l0 IS 'Fewest monthly bars that enable L0; NULL is the default';
COMMENT ON COLUMN @extschema@.regime_profile.min_bars_l1 IS 'Fewest weekly bars that enable L1; NULL is the default';
COMMENT ON COLUMN @extschema@.regime_profile.min_bars_l2 IS 'Fewest daily bars that enable L2; NULL is the default';
COMMENT ON COLUMN @extschema@.regime_profile.l4_label IS 'Label of L4 for every row; NULL is that of the row of regime_source for L4, or none';
COMMENT ON COLUMN @extschema@.regime_profile.point_in_time IS 'Whether the data budget of a row counts the bars up to the row alone; NULL is pg_regime.point_in_time';
COMMENT ON COLUMN @extschema@.regime_profile.config IS 'Windows and thresholds of raw labels by key, such as {"vol_window_l2": 120}; what is left out, and NULL, is the default';
COMMENT ON COLUMN @extschema@.regime_profile.market_proxy_id IS 'Asset that stands for the market when young assets are capped; 0: none; -1: asset 1 where the daily bars are those of the built-in rows of regime_source, else none; NULL is pg_regime.market_proxy_id';

CREATE TABLE @extschema@.regime_profile_asset (
    -- No foreign key: pg_restore --jobs loads both tables at the same time. A profile that is not there is an error of its assets.
    profile text NOT NULL CHECK (profile <> ''),
    id int UNIQUE,
    symbol text UNIQUE CHECK (symbol <> ''),
    pattern text UNIQUE CHECK (pattern <> '' AND pattern !~ E'(^|[^\\\\])(\\\\\\\\)*\\\\$'),
    CONSTRAINT names_assets_once CHECK (pg_catalog.num_nonnulls(id, symbol, pattern) = 1)
);
-- Without a key of its own, so that rows can be changed where all tables of the database are published.
ALTER TABLE @extschema@.regime_profile_asset REPLICA IDENTITY FULL;
COMMENT ON TABLE @extschema@.regime_profile_asset IS 'Which assets have a profile: by id, by symbol, or by a pattern of symbols. An id goes before a symbol, a symbol before a pattern, a longer pattern before a shorter one';
COMMENT ON COLUMN @extschema@.regime_profile_asset.profile IS 'Profile of the assets; ''default'' takes assets out of a pattern';
COMMENT ON COLUMN @extschema@.regime_profile_asset.id IS 'Asset';
COMMENT ON COLUMN @extschema@.regime_profile_asset.symbol IS 'Symbol of an asset in the dim_assets beside the daily bars of the profile''s calendar scheme, in the same spelling';
COMMENT ON COLUMN @extschema@.regime_profile_asset.pattern IS 'Pattern of symbols, as of LIKE: % is any text, _ any character';

-- What regime_connect made, so that regime_disconnect takes away that and nothing else.
CREATE TABLE @extschema@.regime_connection (
    bars_schema name NOT NULL,
    bars_table name NOT NULL,
    cal_scheme text CHECK (cal_scheme <> ''),
    profile text CHECK (profile <> ''),
    candles boolean NOT NULL,
    names boolean NOT NULL,
    built_schema name,
    built name[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (bars_schema, bars_table)
);
COMMENT ON TABLE @extschema@.regime_connection IS 'The relations that regime_connect connected, and what was made for each; regime_disconnect takes that away. Not to be written by hand';
COMMENT ON COLUMN @extschema@.regime_connection.bars_schema IS 'Schema of the relation';
COMMENT ON COLUMN @extschema@.regime_connection.bars_table IS 'Name of the relation';
COMMENT ON COLUMN @extschema@.regime_connection.cal_scheme IS 'Calendar scheme of regime_source whose rows L0, L1 and L2 read the relation and what is built from it; NULL: none';
COMMENT ON COLUMN @extschema@.regime_connection.profile IS 'Row of regime_profile that was made; NULL: none';
COMMENT ON COLUMN @extschema@.regime_connection.candles IS 'Whether the row of regime_source for candles reads the relation';
COMMENT ON COLUMN @extschema@.regime_connection.names IS 'Whether dim_assets beside the relation was made';
COMMENT ON COLUMN @extschema@.regime_connection.built_schema IS 'Schema of the tables of weekly bars, monthly bars and EMAs';
COMMENT ON COLUMN @extschema@.regime_connection.built IS 'Names of these tables';

SELECT pg_catalog.pg_extension_config_dump('@extschema@.regime_connection', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.regime_source_user', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.regime_policy', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.regime_profile', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.regime_profile_asset', '');

-- A trusted extension's script runs as a superuser, to whom all of it belongs: whoever installs the extension may edit the rows
-- and let others do so, but not put a view or code of their own in the place of a table that others' calls read.
-- The built-in rows stay as they are.
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON @extschema@.regime_source_user, @extschema@.regime_connection, @extschema@.regime_policy,
    @extschema@.regime_profile, @extschema@.regime_profile_asset TO @extowner@ WITH GRANT OPTION;
GRANT SELECT, INSERT, UPDATE, DELETE ON @extschema@.regime_source TO @extowner@ WITH GRANT OPTION;
GRANT SELECT ON @extschema@.regime_source, @extschema@.regime_source_user, @extschema@.regime_source_built_in, @extschema@.regime_policy, @extschema@.regime_profile,
    @extschema@.regime_profile_asset, @extschema@.regime_connection TO PUBLIC;

SET LOCAL search_path = @extschema@, pg_temp;
