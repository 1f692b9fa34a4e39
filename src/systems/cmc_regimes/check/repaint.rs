//! Whether stored rows say what was knowable when they closed: each is computed again from what closed until
//! then, budget included, and compared.

use regime_core::cmc_regimes::row::Row;
use regime_core::{Label, Layer};

use crate::output::relation::output_relation;
use crate::pg::arg::arg;
use crate::pg::error::{Result, check_range, invalid_parameter};
use crate::pg::spi::{self, Db, Sees};
use crate::systems::cmc_regimes::engine::Engine;
use crate::systems::cmc_regimes::params::{self, Given};
use crate::systems::cmc_regimes::tables::{REGIMES, TF};

/// The columns compared, as they are stored.
const COLUMNS: [&str; 15] = [
    "l0_label",
    "l1_label",
    "l2_label",
    "l3_label",
    "regime_key",
    "size_mult",
    "stop_mult",
    "orders",
    "gross_cap",
    "pyramids",
    "setups",
    "feature_tier",
    "l0_enabled",
    "l1_enabled",
    "l2_enabled",
];

/// Values by column, as text.
type Values = [Option<String>; COLUMNS.len()];

/// How a column compares.
#[derive(Default)]
pub struct Compared {
    pub column: &'static str,
    /// Rows compared, and those that differ.
    pub rows: i64,
    pub differ: i64,
    /// The first that differs: its time, what is stored, what was knowable.
    pub first: Option<(i64, Option<String>, Option<String>)>,
}

/// A stored row.
struct Stored {
    ts: i64,
    hash: String,
    values: Values,
}

/// Compares an asset's stored rows, or `sample` of them in even steps, the newest among them.
pub fn check(db: Db, asset: i32, sample: Option<i32>, given: &Given) -> Result<Vec<Compared>> {
    let sample = check_range("sample", sample, 1, i32::MAX)?;
    let stored = stored(db, asset)?;
    let mut compared: Vec<Compared> =
        COLUMNS.iter().map(|column| Compared { column, ..Compared::default() }).collect();
    let Some(newest) = stored.last() else { return Ok(compared) };
    let engine = engine_of(db, asset, &newest.hash, given)?;
    let series = engine.series(asset)?;
    let step = sample.map_or(1, |sample| stored.len().div_ceil(sample as usize));
    let chosen = stored.iter().rev().step_by(step).collect::<Vec<_>>();
    for row in chosen.into_iter().rev() {
        pgrx::check_for_interrupts!();
        let known = series.each_ref().map(|s| s.as_ref().map(|s| s.first(s.until(row.ts))));
        let outcome = engine.compute_from(asset, &known)?;
        let knowable = match outcome.row.last() {
            Some(last) if outcome.ts.last() == Some(&row.ts) => values(&outcome.rows[*last as usize]),
            // The bar is not there any more.
            _ => Values::default(),
        };
        for ((column, stored), knowable) in compared.iter_mut().zip(&row.values).zip(knowable) {
            column.rows += 1;
            if *stored != knowable {
                column.differ += 1;
                column.first.get_or_insert_with(|| (row.ts, stored.clone(), knowable));
            }
        }
    }
    Ok(compared)
}

/// What the stored rows were made with: the parameters given, point in time or not.
fn engine_of<'c>(db: Db<'c>, asset: i32, hash: &str, given: &Given) -> Result<Engine<'c>> {
    for point_in_time in [false, true] {
        let given = Given { point_in_time: Some(point_in_time), ..given.clone() };
        let engine = Engine::new(db, params::load(db, &given, None)?, None);
        if engine.version_hash() == hash {
            return Ok(engine);
        }
    }
    Err(invalid_parameter(format!(
        "the newest row of asset {asset} was computed with another policy or other parameters ({hash})"
    ))
    .hint("Pass those that it was refreshed with, or refresh it: SELECT * FROM refresh_cmc_regimes(…);"))
}

fn stored(db: Db, asset: i32) -> Result<Vec<Stored>> {
    let columns =
        COLUMNS.map(|c| if c == "setups" { format!("{c}::text[]::text") } else { format!("{c}::text") });
    let sql = format!(
        "SELECT ts::timestamptz, regime_version_hash::text, {} FROM {} WHERE id = $1 AND tf = $2 ORDER BY ts",
        columns.join(", "),
        output_relation(db, REGIMES.name)?
    );
    let mut stored = Vec::new();
    db.rows(&sql, &[arg(asset), arg(TF)], Sees::Snapshot, |row| {
        stored.push(Stored {
            ts: row.micros(0).unwrap_or_default(),
            hash: row.string(1).unwrap_or_default(),
            values: std::array::from_fn(|column| text(row, column + 2)),
        });
        Ok(())
    })?;
    Ok(stored)
}

fn text(row: &spi::Row, column: usize) -> Option<String> {
    row.string(column)
}

/// A row as PostgreSQL shows it.
fn values(row: &Row) -> Values {
    let label = |layer: Layer| row.labels[layer].map(|l: Label| l.as_str().to_owned());
    let number = |value: f64| Some(value.to_string());
    let enabled = |layer: Layer| Some(row.budget.enabled[layer].to_string());
    [
        label(Layer::L0),
        label(Layer::L1),
        label(Layer::L2),
        label(Layer::L3),
        Some(row.key_text().to_owned()),
        number(row.risk.size_mult),
        number(row.risk.stop_mult),
        Some(row.risk.orders.as_str().to_owned()),
        number(row.risk.gross_cap),
        Some(row.risk.pyramids.to_string()),
        row.setups.as_ref().map(|setups| format!("{{{}}}", setups.join(","))),
        Some(row.budget.tier.as_str().to_owned()),
        enabled(Layer::L0),
        enabled(Layer::L1),
        enabled(Layer::L2),
    ]
}
