-- The functions of cmc_regimes whose declarations pgrx cannot derive from Rust: a column is called match, which is a
-- keyword of Rust, or an argument is a regclass, which pgrx would declare as an oid.

CREATE FUNCTION regime_policy_rules(
    policy text DEFAULT 'default'
) RETURNS TABLE (
    rule int,
    match text,
    size_mult float8,
    stop_mult float8,
    orders text,
    setups text[],
    gross_cap float8,
    pyramids boolean,
    aligned text,
    origin text,
    shadowed_by text,
    note text
)
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'regime_policy_rules_wrapper';

CREATE FUNCTION regime_policy_lint(
    policy text DEFAULT 'default',
    rules jsonb DEFAULT NULL
) RETURNS TABLE (
    severity text,
    rule int,
    match text,
    problem text,
    detail text
)
STABLE PARALLEL RESTRICTED LANGUAGE c
AS 'MODULE_PATHNAME', 'regime_policy_lint_wrapper';

CREATE FUNCTION regime_tag_signals(
    relation regclass,
    asset_column text DEFAULT 'id',
    ts_column text DEFAULT 'ts',
    key_column text DEFAULT 'regime_key'
) RETURNS bigint
VOLATILE PARALLEL UNSAFE LANGUAGE c
AS 'MODULE_PATHNAME', 'regime_tag_signals_wrapper';
