-- Unsafe: no subtransaction can begin in parallel mode.
CREATE FUNCTION regime_compare(
    relation regclass,
    with_table text DEFAULT NULL,
    assets regime_asset_ref[] DEFAULT NULL
) RETURNS TABLE (id int, symbol text, timeframe text, column_name text, n bigint, n_agree bigint, n_differ bigint,
    n_only_theirs bigint, n_only_ours bigint, first_ts timestamptz, first_key text, theirs text, ours text,
    difference int, explanation text)
STABLE PARALLEL UNSAFE LANGUAGE c
AS 'MODULE_PATHNAME', 'regime_compare_wrapper';
