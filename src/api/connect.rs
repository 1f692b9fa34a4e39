//! `regime_connect` and `regime_disconnect`: prices of any shape are made readable, and left again.

use pgrx::prelude::*;

use crate::api::{Result, TableIterator, required, told};
use crate::pg::json::JsonText;
use crate::pg::{check_writable, spi};
use crate::source::connect::ask::Asked;
use crate::source::connect::record;
use crate::systems::cmc_regimes::connect::connect;
use crate::systems::tracking;

/// Finds out what a table or view of prices is, makes what is missing so that regimes are computed from it, and tells what was
/// found, made, and is left to do.
// Declared in sql/install/connect.sql.
#[pg_extern(sql = false)]
fn regime_connect(
    relation: Option<pg_sys::Oid>,
    asset: default!(Option<String>, "NULL"),
    ts: default!(Option<String>, "NULL"),
    close: default!(Option<String>, "NULL"),
    high: default!(Option<String>, "NULL"),
    low: default!(Option<String>, "NULL"),
    open: default!(Option<String>, "NULL"),
    volume: default!(Option<String>, "NULL"),
    timeframe: default!(Option<String>, "NULL"),
    bars_filter: default!(Option<JsonText>, "NULL"),
    zone: default!(Option<String>, "NULL"),
    shift: default!(Option<String>, "NULL"),
    unit: default!(Option<String>, "NULL"),
    cal_scheme: default!(Option<String>, "NULL"),
    candles: default!(Option<bool>, "NULL"),
    dry_run: default!(Option<bool>, "false"),
) -> Result<
    TableIterator<(
        name!(step, &'static str),
        name!(item, String),
        name!(detail, String),
        name!(command, Option<String>),
    )>,
> {
    check_writable("regime_connect()")?;
    let asked = Asked {
        relation: required("relation", relation)?,
        columns: [asset, ts, close, high, low, open, volume, timeframe],
        filter: bars_filter.map(|filter| filter.as_str().to_owned()),
        zone,
        shift,
        unit,
        calendar: cal_scheme,
        candles,
    };
    let lines = connect(&asked, dry_run == Some(true))?;
    Ok(TableIterator::new(
        lines.into_iter().map(|line| (line.step.as_str(), line.item, line.detail, line.command)),
    ))
}

/// Takes away what `regime_connect` made for a relation, which need not exist any more; a row for each thing.
#[pg_extern(volatile, parallel_unsafe)]
fn regime_disconnect(
    relation: Option<&str>,
) -> Result<TableIterator<(name!(relation, String), name!(action, String))>> {
    check_writable("regime_disconnect()")?;
    let relation = required("relation", relation)?;
    Ok(told(spi::connect(|db| {
        let (relation, mut actions) = record::disconnect(db, relation)?;
        if let Some(relation) = relation {
            actions.extend(tracking::forget(db, &relation)?);
        }
        Ok(actions)
    })?))
}
