//! Step 9: whether the row is what is stored, or why it is not.

use regime_core::Layer;
use regime_core::cmc_regimes::fingerprint::{differ_from, prints};

use crate::output::relation::output_relation;
use crate::output::set_up::is_set_up;
use crate::output::told::{Line, line};
use crate::pg::arg::{arg, timestamp_arg};
use crate::pg::catalog::work_schema;
use crate::pg::error::Result;
use crate::pg::spi::{Micros, Sees};
use crate::pg::time::utc;
use crate::pg::{settings, syscache};
use crate::systems::cmc_regimes::explain::Step;
use crate::systems::cmc_regimes::explain::told::Told;
use crate::systems::cmc_regimes::refresh::state::State;
use crate::systems::cmc_regimes::refresh::{blocks, state};
use crate::systems::cmc_regimes::row::{Row, Stored, columns, shown};
use crate::systems::cmc_regimes::tables::{CMC, INPUTS, REGIMES, STATE, TF};

/// The lines of this step.
pub fn tell(told: &Told) -> Result<Vec<Line>> {
    let one = |value: &str, detail: String| Ok(vec![line(Step::Stored, "stored row", value, detail)]);
    let schema = settings::target_schema();
    let relation = match output_relation(told.db, REGIMES.name) {
        Ok(relation) => relation,
        Err(error) => {
            let report = error.report();
            let hint = report.hint.as_deref().map_or(String::new(), |hint| format!(": {hint}"));
            return one("none to compare", format!("{}{hint}", report.message));
        }
    };
    if !is_set_up(told.db, &schema, &CMC)? {
        let schema = pgrx::spi::quote_literal(&schema);
        return one(
            "none to compare",
            format!(
                "the output tables lack columns or others of them: SELECT * FROM {}.regime_setup({schema});",
                told.own
            ),
        );
    }
    let Some((stored, updated_at)) = read(told, &relation)? else {
        return one("missing", missing(told, &relation)?);
    };
    let hash = told.engine.version_hash();
    let stored_hash = or_null(stored.version_hash.as_deref().map(str::to_owned));
    // The hash has its own lines.
    let explained = Row {
        version_hash: stored.version_hash.clone(),
        ..Row::computed(&told.row.row, told.engine.params.l4_label.as_deref(), hash)
    };
    let differing: Vec<_> = stored.beside(&explained).filter(|(_, [a, b])| a != b).collect();
    if differing.is_empty() && stored_hash == hash {
        let when = updated_at.map_or(String::new(), |at| format!(" at {}", utc(at)));
        return one(
            "as stored",
            format!("{relation} holds exactly this, written{when}, regime_version_hash {hash}"),
        );
    }
    let known = known_state(told, &schema)?;
    let (value, why) = if stored_hash != hash {
        ("other policy or parameters", other_hash(told, known.as_ref(), &stored_hash))
    } else {
        stale(told, known.as_ref(), &schema)?
    };
    let mut lines = vec![line(Step::Stored, "stored row", value, why)];
    if stored_hash != hash {
        let detail = format!("explained here: {hash}");
        lines.push(line(Step::Stored, "stored regime_version_hash", stored_hash, detail));
    }
    if differing.is_empty() {
        lines.push(line(
            Step::Stored,
            "stored values",
            "the same",
            "all labels and limits of this row are equal",
        ));
    }
    lines.extend(differing.into_iter().map(|(column, values)| {
        let [stored, explained] = values.map(|value| or_null(shown(value)));
        line(Step::Stored, format!("stored {column}"), stored, format!("explained here: {explained}"))
    }));
    Ok(lines)
}

/// The stored row, and when it was written, in microseconds since 2000.
fn read(told: &Told, relation: &str) -> Result<Option<(Row, Option<i64>)>> {
    let sql = format!("SELECT {} FROM {relation} WHERE id = $1 AND tf = $2 AND ts = $3", columns(""));
    let args = [arg(told.asset), arg(TF), timestamp_arg(Some(told.row.ts))];
    told.db.first(&sql, &args, Sees::Snapshot, |row| {
        let Stored { row, updated_at, .. } = Stored::read(row)?;
        Ok((row, updated_at))
    })
}

fn or_null(text: Option<String>) -> String {
    text.unwrap_or_else(|| "NULL".to_owned())
}

/// What to type against a row that is not as it should be.
fn refresh(told: &Told, further: &str) -> String {
    let Told { own, asset, arguments, .. } = told;
    format!("SELECT * FROM {own}.refresh_cmc_regimes({asset}{arguments}{further});")
}

/// Compares the row, and repairs it though no bar changed.
const REPAIR: &str = ", full_refresh => true";

/// Why there is no stored row.
fn missing(told: &Told, relation: &str) -> Result<String> {
    let sql = format!("SELECT max(ts)::timestamptz AS newest FROM {relation} WHERE id = $1 AND tf = $2");
    let newest: Option<Micros> =
        told.db.one(&sql, &[arg(told.asset), arg(TF)], Sees::Snapshot, |row| row.get("newest"))?;
    Ok(match newest.map(|Micros(ts)| ts) {
        None => format!("{relation} has no row of asset {}: {}", told.asset, refresh(told, "")),
        Some(newest) if newest < told.row.ts => format!(
            "stale, the newest row of asset {} in {relation} is of {}: {}",
            told.asset,
            utc(newest),
            refresh(told, "")
        ),
        Some(_) => format!(
            "{relation} has later rows of asset {}, so its bar came late or it was deleted: {}",
            told.asset,
            refresh(told, REPAIR)
        ),
    })
}

/// What is known of the asset's last refresh, as far as it may be read.
fn known_state(told: &Told, schema: &str) -> Result<Option<State>> {
    let work = work_schema(schema);
    let may = |table| syscache::readable(&work, table) == Some(true);
    if may(STATE) && may(INPUTS) { state::load(told.db, schema, told.asset) } else { Ok(None) }
}

fn other_hash(told: &Told, known: Option<&State>, stored: &str) -> String {
    let name = told.policy_name;
    let policy_hash = told.engine.basis(None).policy_hash;
    let what = match known.filter(|state| state.basis.version_hash == stored) {
        Some(state) if state.basis.policy_hash != policy_hash => {
            format!("it was computed with other rules than policy {name} has now")
        }
        Some(_) => {
            format!("it was computed with the rules of policy {name}, but with other parameters or settings")
        }
        None => "it was computed with another policy, other parameters or settings".to_owned(),
    };
    format!(
        "{what}; explain it with the arguments of its refresh, or refresh it with these: {}",
        refresh(told, "")
    )
}

/// Why values are others though the policy and the parameters are the same: in a word, and in a sentence with what
/// to type.
fn stale(told: &Told, known: Option<&State>, schema: &str) -> Result<(&'static str, String)> {
    Ok(match since(told, known, schema)? {
        Some(why) => ("stale", format!("{why}: {}", refresh(told, ""))),
        None if known.is_none() => (
            "differs",
            format!(
                "bars changed since it was written, or someone else changed it: {}",
                refresh(told, REPAIR)
            ),
        ),
        None => (
            "changed",
            format!(
                "not by a refresh, since all that it is computed from is as it was: {}",
                refresh(told, REPAIR)
            ),
        ),
    })
}

/// What changed since the last refresh, as far as it is known.
fn since(told: &Told, known: Option<&State>, schema: &str) -> Result<Option<String>> {
    let Some(known) = known else { return Ok(None) };
    if known.basis.sources != told.engine.basis(None).sources {
        return Ok(Some("regime_source changed since the last refresh".to_owned()));
    }
    let before = blocks::prints(told.db, schema, told.asset)?;
    let changed = Layer::ALL.into_iter().filter_map(|layer| {
        let series = told.series[layer].as_ref();
        let now = series.map_or(Vec::new(), |s| prints(None, s, s.until(known.ts)));
        Some((differ_from(&before[layer], &now)?, layer))
    });
    if let Some((from, layer)) = changed.min() {
        let layer = layer.as_str();
        let from = utc(from);
        return Ok(Some(format!(
            "bars or EMAs of {layer} changed since the last refresh, not before {from}"
        )));
    }
    let budget = told.row.budget;
    // Point in time, a row's budget is its own.
    let whole = !told.engine.params.point_in_time;
    if whole && known.tier != Some(budget.tier) {
        let before = known.tier.map_or("?", |tier| tier.as_str());
        let now = budget.tier.as_str();
        return Ok(Some(format!(
            "bars came since the last refresh, and the tier went from {before} to {now}"
        )));
    }
    let layers = state::layer_names(budget);
    if whole && known.layers != layers {
        let names = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(",") };
        let (before, now) = (names(&known.layers), names(&layers));
        return Ok(Some(format!(
            "bars came since the last refresh, and the layers went from {before} to {now}"
        )));
    }
    let moved = match &known.memory {
        Some(memory) => known.proxy != told.engine.proxy_print(told.asset, memory)?,
        None => false,
    };
    Ok(moved.then(|| "weekly bars of the market proxy changed since the last refresh".to_owned()))
}
