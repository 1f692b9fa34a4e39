-- Tables of the source shape, for those who have daily bars only and for the demo.
-- {table} is the qualified name; the block after "--; kind" is run for a table of that kind.
--; assets
CREATE TABLE {table} (id int PRIMARY KEY, symbol text, is_active boolean NOT NULL DEFAULT true)
--; bars
CREATE TABLE {table} (
    id int NOT NULL,
    tf text NOT NULL,
    tf_days int NOT NULL,
    bar_seq int NOT NULL,
    time_close timestamptz NOT NULL,
    open float8 NOT NULL,
    high float8 NOT NULL,
    low float8 NOT NULL,
    close float8 NOT NULL,
    volume float8,
    market_cap float8,
    ingested_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, tf, bar_seq),
    UNIQUE (id, tf, time_close)
)
--; daily emas
CREATE TABLE {table} (
    id int NOT NULL,
    ts timestamptz NOT NULL,
    tf text NOT NULL,
    period int NOT NULL,
    ema float8 NOT NULL,
    tf_days int,
    roll boolean NOT NULL DEFAULT false,
    ingested_at timestamptz NOT NULL DEFAULT now(),
    alignment_source text NOT NULL DEFAULT 'unknown',
    PRIMARY KEY (id, ts, tf, period)
)
--; calendar emas
CREATE TABLE {table} (
    id int NOT NULL,
    tf text NOT NULL,
    ts timestamptz NOT NULL,
    period int NOT NULL,
    tf_days int,
    roll boolean NOT NULL,
    ema float8,
    d1 float8,
    d2 float8,
    ingested_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, tf, ts, period)
)
--; candles
CREATE TABLE {table} (
    symbol text NOT NULL,
    timeframe text NOT NULL,
    open_time timestamptz NOT NULL,
    open float8 NOT NULL,
    high float8 NOT NULL,
    low float8 NOT NULL,
    close float8 NOT NULL,
    volume float8,
    PRIMARY KEY (symbol, timeframe, open_time)
)
