//! How many stored rows of each asset and column another configuration would change. Nothing is written.

use std::collections::HashMap;

use serde_json::Value as Document;

use crate::pg::Result;
use crate::sync::content::Value;
use crate::systems::cmc_regimes::params::Given;
use crate::systems::cmc_regimes::policy::simulate::{Laid, Scope, simulate};
use crate::systems::cmc_regimes::tables::REGIMES;

/// Columns that no configuration of labels changes.
const OTHERS: [&str; 6] =
    ["l4_label", "feature_tier", "l0_enabled", "l1_enabled", "l2_enabled", "regime_version_hash"];

/// What would change in a column of an asset.
pub struct OfColumn {
    pub id: i32,
    pub column: &'static str,
    /// Rows that are both stored and computed.
    pub rows: i64,
    pub rows_changed: i64,
    /// When the first and the last row are that would change, in microseconds since 2000.
    pub span: [Option<i64>; 2],
    /// The stored and the computed value of the first row that would change.
    pub first: [Option<String>; 2],
    /// Daily bars without a stored row, and stored rows without a bar.
    pub not_compared: i64,
    /// Stored rows made with other parameters than those given.
    pub other_version: i64,
}

/// The rows of a column that would change.
#[derive(Default)]
struct Changed {
    rows: i64,
    span: [Option<i64>; 2],
    first: [Option<String>; 2],
}

/// Computes the assets with a configuration laid over theirs, key by key: an element for each asset and column, in the order
/// of the table.
///
/// # Errors
/// As [`simulate`].
pub fn simulate_config(config: &Document, scope: Scope, given: &Given) -> Result<Vec<OfColumn>> {
    let mut changed: HashMap<(i32, &str), Changed> = HashMap::new();
    let summaries = simulate(Laid::Config(config), scope, given, |change| {
        for (column, [before, after]) in change.before.beside(&change.after) {
            if before == after {
                continue;
            }
            let known = changed.entry((change.id, column)).or_default();
            if known.rows == 0 {
                known.first = [before, after].map(Value::shown);
            }
            known.rows += 1;
            known.span = [known.span[0].or(Some(change.ts)), Some(change.ts)];
        }
    })?;
    let columns = || REGIMES.values.iter().map(|column| column.name).filter(|name| !OTHERS.contains(name));
    let of_asset = summaries.iter().flat_map(|summary| columns().map(move |column| (summary, column)));
    let all = of_asset.map(|(summary, column)| {
        let Changed { rows, span, first } = changed.remove(&(summary.id, column)).unwrap_or_default();
        OfColumn {
            id: summary.id,
            column,
            rows: summary.rows,
            rows_changed: rows,
            span,
            first,
            not_compared: summary.not_compared,
            other_version: summary.other_version,
        }
    });
    Ok(all.collect())
}
