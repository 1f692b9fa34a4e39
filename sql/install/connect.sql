CREATE FUNCTION regime_connect(
    relation regclass,
    asset text DEFAULT NULL,
    ts text DEFAULT NULL,
    close text DEFAULT NULL,
    high text DEFAULT NULL,
    low text DEFAULT NULL,
    open text DEFAULT NULL,
    volume text DEFAULT NULL,
    timeframe text DEFAULT NULL,
    bars_filter jsonb DEFAULT NULL,
    zone text DEFAULT NULL,
    shift text DEFAULT NULL,
    unit text DEFAULT NULL,
    cal_scheme text DEFAULT NULL,
    candles boolean DEFAULT NULL,
    dry_run boolean DEFAULT false
) RETURNS TABLE (step text, item text, detail text, command text)
VOLATILE PARALLEL UNSAFE LANGUAGE c
AS 'MODULE_PATHNAME', 'regime_connect_wrapper';
