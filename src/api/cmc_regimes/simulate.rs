//! Policy lint, and the simulation of policies and configurations.

use std::borrow::Cow;
use std::collections::HashMap;

use pgrx::prelude::*;

use crate::api::cmc_regimes::{config_of, given, names};
use crate::api::{Result, TableIterator, micros, timestamp};
use crate::pg::asset::Asset;
use crate::pg::{Result as Checked, json::JsonText, null_argument};
use crate::systems::cmc_regimes::params::{Given, Hysteresis};
use crate::systems::cmc_regimes::policies;
use crate::systems::cmc_regimes::policy::columns::{OfColumn, simulate_config};
use crate::systems::cmc_regimes::policy::lint::remarks;
use crate::systems::cmc_regimes::policy::simulate::{Change, Laid, Scope, Summary, simulate};

/// What a policy says that its author can hardly mean (docs/policies.md).
// Declared in sql/install/cmc_regimes.sql.
#[pg_extern(sql = false)]
fn regime_policy_lint(
    policy: default!(Option<&str>, "'default'"),
    rules: default!(Option<JsonText>, "NULL"),
) -> Result<
    TableIterator<(
        name!(severity, &'static str),
        name!(rule, Option<i32>),
        name!(r#match, String),
        name!(problem, &'static str),
        name!(detail, String),
    )>,
> {
    let rules = rules.map(|r| r.parse()).transpose()?;
    let table = policies::table(policy, rules.as_ref())?;
    let remarks = remarks(&table);
    let rows = remarks.into_iter().map(|r| (r.severity.as_str(), r.rule, r.text, r.problem, r.detail));
    Ok(TableIterator::new(rows))
}

/// The stored rows that other rules would change, before and after; nothing is written (docs/policies.md).
#[pg_extern(stable, parallel_restricted)]
fn regime_policy_simulate(
    rules: Option<JsonText>,
    assets: default!(Option<Vec<Option<Asset>>>, "NULL"),
    from_ts: default!(Option<TimestampWithTimeZone>, "NULL"),
    to_ts: default!(Option<TimestampWithTimeZone>, "NULL"),
    policy: default!(Option<String>, "NULL"),
    cal_scheme: default!(Option<String>, "NULL"),
    hysteresis: default!(Option<bool>, "NULL"),
    hysteresis_mode: default!(Option<String>, "NULL"),
    min_hold_bars: default!(Option<i32>, "NULL"),
    min_bars_l0: default!(Option<i32>, "NULL"),
    min_bars_l1: default!(Option<i32>, "NULL"),
    min_bars_l2: default!(Option<i32>, "NULL"),
    l4_label: default!(Option<String>, "NULL"),
    point_in_time: default!(Option<bool>, "NULL"),
    config: default!(Option<JsonText>, "NULL"),
) -> Result<
    TableIterator<(
        name!(id, i32),
        name!(symbol, Option<String>),
        name!(ts, TimestampWithTimeZone),
        name!(changed, Vec<&'static str>),
        name!(regime_key_before, Option<String>),
        name!(regime_key_after, Option<String>),
        name!(size_before, Option<f64>),
        name!(size_after, Option<f64>),
        name!(stop_before, Option<f64>),
        name!(stop_after, Option<f64>),
        name!(orders_before, Option<String>),
        name!(orders_after, Option<String>),
        name!(gross_cap_before, Option<f64>),
        name!(gross_cap_after, Option<f64>),
        name!(pyramids_before, Option<bool>),
        name!(pyramids_after, Option<bool>),
        name!(setups_before, Option<Vec<String>>),
        name!(setups_after, Option<Vec<String>>),
    )>,
> {
    let hysteresis = Hysteresis { on: hysteresis, mode: hysteresis_mode, min_hold_bars };
    let min_bars = [min_bars_l0, min_bars_l1, min_bars_l2];
    let given = given([cal_scheme, policy, l4_label], hysteresis, min_bars, point_in_time, config)?;
    let mut changes = Vec::new();
    simulated(rules, assets, [from_ts, to_ts], &given, |change| changes.push(change))?;
    let symbols = names::symbols(changes.iter().map(|change| change.id));
    Ok(TableIterator::new(changes.into_iter().filter_map(move |change| changed_row(change, &symbols))))
}

/// A summary for each asset of what other rules would change (docs/policies.md).
#[pg_extern(stable, parallel_restricted)]
fn regime_policy_simulate_summary(
    rules: Option<JsonText>,
    assets: default!(Option<Vec<Option<Asset>>>, "NULL"),
    from_ts: default!(Option<TimestampWithTimeZone>, "NULL"),
    to_ts: default!(Option<TimestampWithTimeZone>, "NULL"),
    policy: default!(Option<String>, "NULL"),
    cal_scheme: default!(Option<String>, "NULL"),
    hysteresis: default!(Option<bool>, "NULL"),
    hysteresis_mode: default!(Option<String>, "NULL"),
    min_hold_bars: default!(Option<i32>, "NULL"),
    min_bars_l0: default!(Option<i32>, "NULL"),
    min_bars_l1: default!(Option<i32>, "NULL"),
    min_bars_l2: default!(Option<i32>, "NULL"),
    l4_label: default!(Option<String>, "NULL"),
    point_in_time: default!(Option<bool>, "NULL"),
    config: default!(Option<JsonText>, "NULL"),
) -> Result<
    TableIterator<(
        name!(id, i32),
        name!(symbol, Option<String>),
        name!(n, i64),
        name!(n_changed, i64),
        name!(size_before, Option<f64>),
        name!(size_after, Option<f64>),
        name!(mixed_before, i64),
        name!(mixed_after, i64),
        name!(conservative_before, i64),
        name!(conservative_after, i64),
        name!(passive_before, i64),
        name!(passive_after, i64),
        name!(flips_before, i64),
        name!(flips_after, i64),
        name!(not_compared, i64),
        name!(other_version, i64),
    )>,
> {
    let hysteresis = Hysteresis { on: hysteresis, mode: hysteresis_mode, min_hold_bars };
    let min_bars = [min_bars_l0, min_bars_l1, min_bars_l2];
    let given = given([cal_scheme, policy, l4_label], hysteresis, min_bars, point_in_time, config)?;
    let summaries = simulated(rules, assets, [from_ts, to_ts], &given, |_| ())?;
    let symbols = names::symbols(summaries.iter().map(|summary| summary.id));
    Ok(TableIterator::new(summaries.into_iter().map(move |summary| summary_row(summary, &symbols))))
}

/// The columns of stored rows, asset by asset, that another configuration would change (docs/policies.md).
#[pg_extern(stable, parallel_restricted)]
fn regime_config_simulate(
    config: Option<JsonText>,
    assets: default!(Option<Vec<Option<Asset>>>, "NULL"),
    from_ts: default!(Option<TimestampWithTimeZone>, "NULL"),
    to_ts: default!(Option<TimestampWithTimeZone>, "NULL"),
    policy: default!(Option<String>, "NULL"),
    cal_scheme: default!(Option<String>, "NULL"),
    hysteresis: default!(Option<bool>, "NULL"),
    hysteresis_mode: default!(Option<String>, "NULL"),
    min_hold_bars: default!(Option<i32>, "NULL"),
    min_bars_l0: default!(Option<i32>, "NULL"),
    min_bars_l1: default!(Option<i32>, "NULL"),
    min_bars_l2: default!(Option<i32>, "NULL"),
    l4_label: default!(Option<String>, "NULL"),
    point_in_time: default!(Option<bool>, "NULL"),
) -> Result<
    TableIterator<(
        name!(id, i32),
        name!(symbol, Option<String>),
        name!(column_name, &'static str),
        name!(n, i64),
        name!(n_changed, i64),
        name!(first_ts, Option<TimestampWithTimeZone>),
        name!(last_ts, Option<TimestampWithTimeZone>),
        name!(first_before, Option<String>),
        name!(first_after, Option<String>),
        name!(not_compared, i64),
        name!(other_version, i64),
    )>,
> {
    let hysteresis = Hysteresis { on: hysteresis, mode: hysteresis_mode, min_hold_bars };
    let min_bars = [min_bars_l0, min_bars_l1, min_bars_l2];
    let given = given([cal_scheme, policy, l4_label], hysteresis, min_bars, point_in_time, None)?;
    let config = config_of(config)?
        .ok_or_else(|| null_argument("config").hint("Pass '{}' to simulate the profiles alone."))?;
    let columns = simulate_config(&config, scope(assets, [from_ts, to_ts], &given)?, &given)?;
    let symbols = names::symbols(columns.iter().map(|of_column| of_column.id));
    Ok(TableIterator::new(columns.into_iter().map(move |of_column| {
        let OfColumn { id, column, rows, rows_changed, span, first, not_compared, other_version } = of_column;
        let [first_ts, last_ts] = span.map(|ts| ts.and_then(timestamp));
        let [before, after] = first;
        let symbol = symbols.get(&id).cloned();
        (
            id,
            symbol,
            column,
            rows,
            rows_changed,
            first_ts,
            last_ts,
            before,
            after,
            not_compared,
            other_version,
        )
    })))
}

/// A row of `regime_policy_simulate`: the asset, its symbol, the time, what differs, then each column of the policy before and after.
type ChangedRow = (
    i32,
    Option<String>,
    TimestampWithTimeZone,
    Vec<&'static str>,
    Option<String>,
    Option<String>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<String>,
    Option<String>,
    Option<f64>,
    Option<f64>,
    Option<bool>,
    Option<bool>,
    Option<Vec<String>>,
    Option<Vec<String>>,
);

fn changed_row(
    Change { id, ts, before, after }: Change,
    symbols: &HashMap<i32, String>,
) -> Option<ChangedRow> {
    let text = |text: &Option<Cow<'_, str>>| text.as_deref().map(str::to_owned);
    Some((
        id,
        symbols.get(&id).cloned(),
        timestamp(ts)?,
        before.differing(&after),
        text(&before.regime_key),
        text(&after.regime_key),
        before.size_mult,
        after.size_mult,
        before.stop_mult,
        after.stop_mult,
        text(&before.orders),
        text(&after.orders),
        before.gross_cap,
        after.gross_cap,
        before.pyramids,
        after.pyramids,
        before.setups.clone(),
        after.setups.clone(),
    ))
}

/// A row of `regime_policy_simulate_summary`: the asset, its symbol, its rows, those that change, then figures before and after.
type SummaryRow = (
    i32,
    Option<String>,
    i64,
    i64,
    Option<f64>,
    Option<f64>,
    i64,
    i64,
    i64,
    i64,
    i64,
    i64,
    i64,
    i64,
    i64,
    i64,
);

fn summary_row(summary: Summary, symbols: &HashMap<i32, String>) -> SummaryRow {
    let Summary { id, rows, rows_changed, not_compared, other_version, before, after } = summary;
    let [mixed, conservative, passive] = before.orders;
    let [mixed_after, conservative_after, passive_after] = after.orders;
    (
        id,
        symbols.get(&id).cloned(),
        rows,
        rows_changed,
        before.mean_size(),
        after.mean_size(),
        mixed,
        mixed_after,
        conservative,
        conservative_after,
        passive,
        passive_after,
        before.flips,
        after.flips,
        not_compared,
        other_version,
    )
}

fn simulated(
    rules: Option<JsonText>,
    assets: Option<Vec<Option<Asset>>>,
    span: [Option<TimestampWithTimeZone>; 2],
    given: &Given,
    changed: impl FnMut(Change),
) -> Checked<Vec<Summary>> {
    let rules =
        rules.ok_or_else(|| null_argument("rules").hint("Pass '[]' to simulate the policy alone."))?;
    simulate(Laid::Rules(&rules.parse()?), scope(assets, span, given)?, given, changed)
}

fn scope(
    assets: Option<Vec<Option<Asset>>>,
    span: [Option<TimestampWithTimeZone>; 2],
    given: &Given,
) -> Checked<Scope> {
    let ids = names::list(assets, given.cal_scheme.as_deref())?;
    Ok(Scope { ids, span: span.map(|moment| moment.map(micros)) })
}
