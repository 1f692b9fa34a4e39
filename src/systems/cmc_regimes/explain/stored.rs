//! The last step: whether the stored row is the explained one, or why they differ.

use regime_core::Layer;
use regime_core::cmc_regimes::fingerprint::{differ_from, prints};

use crate::output::set_up::other_sources;
use crate::output::told::{Line, comparable, line};
use crate::pg::{Micros, Result, Sees, arg, settings, syscache, timestamp_arg, utc, work_schema};
use crate::sync::content::Value;
use crate::sync::kept;
use crate::systems::cmc_regimes::arguments::{arguments, beside};
use crate::systems::cmc_regimes::explain::Step;
use crate::systems::cmc_regimes::explain::told::Told;
use crate::systems::cmc_regimes::refresh::plan::late_labels;
use crate::systems::cmc_regimes::refresh::state::State;
use crate::systems::cmc_regimes::refresh::{blocks, state};
use crate::systems::cmc_regimes::row::{Row, Stored};
use crate::systems::cmc_regimes::tables::{CMC, INPUTS, REGIMES, STATE, TF};

/// The lines of this step.
///
/// # Errors
/// Where the row, the state or the bars cannot be read.
pub fn tell(told: &Told) -> Result<Vec<Line>> {
    let one = |value: &str, detail: String| Ok(vec![line(Step::Stored, "stored row", value, detail)]);
    let schema = settings::target_schema();
    let relation = match comparable(told.db, &schema, &CMC, &REGIMES)? {
        Ok(relation) => relation,
        Err(why) => return one("none to compare", why),
    };
    match read(told, &relation)? {
        None => one("missing", missing(told, &schema, &relation)?),
        Some(stored) => compare(told, &schema, &relation, stored),
    }
}

/// Compares the stored row with the explained one.
fn compare(told: &Told, schema: &str, relation: &str, stored: Stored) -> Result<Vec<Line>> {
    let Stored { row: stored, updated_at, .. } = stored;
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
        let detail = format!("{relation} holds exactly this row, written{when}, regime_version_hash {hash}");
        return Ok(vec![line(Step::Stored, "stored row", "as stored", detail)]);
    }
    let known = known_state(told, schema)?;
    let (value, why) = if stored_hash != hash {
        ("other policy or parameters", other_hash(told, known.as_ref(), &stored_hash))
    } else {
        stale(told, known.as_ref(), schema)?
    };
    let mut lines = vec![line(Step::Stored, "stored row", value, why)];
    if stored_hash != hash {
        let detail = format!("explained here: {hash}");
        lines.push(line(Step::Stored, "stored regime_version_hash", stored_hash, detail));
    }
    if differing.is_empty() {
        let detail = "all labels and limits of this row are equal";
        lines.push(line(Step::Stored, "stored values", "the same", detail));
    }
    lines.extend(differing.into_iter().map(|(column, values)| {
        let [stored, explained] = values.map(|value| or_null(value.shown()));
        line(Step::Stored, format!("stored {column}"), stored, format!("explained here: {explained}"))
    }));
    Ok(lines)
}

/// The stored row of the explained one's time.
fn read(told: &Told, relation: &str) -> Result<Option<Stored>> {
    let sql =
        format!("SELECT {} FROM {relation} WHERE id = $1 AND tf = $2 AND ts = $3", REGIMES.selected(""));
    let args = [arg(told.asset), arg(TF), timestamp_arg(Some(told.row.ts))];
    told.db.first(&sql, &args, Sees::Snapshot, Stored::read)
}

fn or_null(text: Option<String>) -> String {
    text.unwrap_or_else(|| "NULL".to_owned())
}

/// The statement that brings the row up to date, with the parameters of the asset's last refresh where these are known.
fn refresh(told: &Told, known: Option<&State>, further: &str) -> String {
    let Told { own, asset, profiles, profile, .. } = told;
    let repeated = |state: &State| profiles.repeated(profile, &state.basis.arguments);
    let arguments = known.map_or_else(|| told.arguments.clone(), repeated);
    format!("SELECT * FROM {own}.refresh_cmc_regimes({asset}{arguments}{further});")
}

/// The argument that has a refresh compare rows whose bars have not changed, and repair them.
const REPAIR: &str = ", full_refresh => true";

/// Why there is no stored row.
fn missing(told: &Told, schema: &str, relation: &str) -> Result<String> {
    let known = known_state(told, schema)?;
    let refresh = |further| refresh(told, known.as_ref(), further);
    let scope = [Value::Int(told.asset), Value::Text(TF)];
    let gaps = kept::gaps(told.db, relation, &REGIMES, &scope)?;
    if let Some(gap) = gaps.iter().find(|gap| gap.holds(told.row.ts)) {
        return Ok(format!("not stored: {relation} has no partition for rows {}", gap.shown(&REGIMES)));
    }
    let sql = format!("SELECT max(ts)::timestamptz AS newest FROM {relation} WHERE id = $1 AND tf = $2");
    let newest: Option<Micros> =
        told.db.one(&sql, &[arg(told.asset), arg(TF)], Sees::Snapshot, |row| row.get("newest"))?;
    Ok(match newest.map(|Micros(ts)| ts) {
        None => format!("{relation} has no row of {}: {}", told.name, refresh("")),
        Some(newest) if newest < told.row.ts => format!(
            "stale, the newest row of {} in {relation} is of {}: {}",
            told.name,
            utc(newest),
            refresh("")
        ),
        Some(_) => format!(
            "{relation} has later rows of {}, so the bar came late or the row was deleted: {}",
            told.name,
            refresh(REPAIR)
        ),
    })
}

/// The state that the asset's last refresh left; `None` also where the current role may not read it.
fn known_state(told: &Told, schema: &str) -> Result<Option<State>> {
    let work = work_schema(schema);
    let may = |table| syscache::readable(&work, table) == Some(true);
    if may(STATE) && may(INPUTS) { state::load(told.db, schema, told.asset) } else { Ok(None) }
}

fn other_hash(told: &Told, known: Option<&State>, stored: &str) -> String {
    let name = told.policy_name;
    let policy_hash = told.engine.policy_hash();
    let known = known.filter(|state| state.basis.version_hash == stored);
    let what = match known {
        Some(state) if state.basis.policy_hash != policy_hash => {
            format!("computed with other rules than policy {name} has now")
        }
        Some(_) => {
            format!("computed with the rules of policy {name}, but with other parameters or settings")
        }
        None => "computed with another policy, other parameters or other settings".to_owned(),
    };
    let Told { own, asset, .. } = told;
    match known {
        Some(State { basis, .. })
            if basis.arguments != told.engine.arguments()
                && (told.profile.is_none() || told.profiles.has_arguments()) =>
        {
            let arguments = arguments(&beside(&basis.arguments, told.profiles.of_profile(told.profile)));
            let at = told.at.map_or_else(String::new, |at| format!(", at => '{}'", utc(at)));
            format!(
                "{what}; with the arguments of the refresh: SELECT * FROM {own}.regime_explain({asset}{at}{arguments});"
            )
        }
        _ => format!("{what}: {}", refresh(told, known, "")),
    }
}

/// Why values differ although the policy and the parameters are the same: in a word, and in a sentence with the
/// statement that helps.
fn stale(told: &Told, known: Option<&State>, schema: &str) -> Result<(&'static str, String)> {
    Ok(match since(told, known, schema)? {
        Some(why) => ("stale", format!("{why}: {}", refresh(told, known, ""))),
        None if known.is_none() => (
            "differs",
            format!(
                "bars have changed since the row was written, or the row was changed by hand: {}",
                refresh(told, known, REPAIR)
            ),
        ),
        None => (
            "changed",
            format!(
                "not by a refresh, since everything it is computed from is unchanged: {}",
                refresh(told, known, REPAIR)
            ),
        ),
    })
}

/// What has changed since the last refresh; `None` where nothing has, or where the state is unknown.
fn since(told: &Told, known: Option<&State>, schema: &str) -> Result<Option<String>> {
    let Some(known) = known else { return Ok(None) };
    let sources = told.engine.basis(told.db, schema, None)?.sources;
    if let Some(other) = other_sources(&known.basis.sources, &sources) {
        let reason = other.reason.replace("source map", "regime_source");
        return Ok(Some(format!("{reason} since the last refresh")));
    }
    let before = blocks::prints(told.db, schema, &[told.asset])?.remove(0);
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
    if let Some(memory) = &known.memory
        && let Some(from) = late_labels(told.labels, memory, known.ts)
    {
        let from = utc(from);
        return Ok(Some(format!("labels from elsewhere changed since the last refresh, not before {from}")));
    }
    let budget = told.row.budget;
    // In a point-in-time computation each row has its own budget.
    let whole = !told.engine.params.point_in_time;
    if whole && known.tier != Some(budget.tier) {
        let before = known.tier.map_or("unknown", |tier| tier.as_str());
        let now = budget.tier.as_str();
        return Ok(Some(format!(
            "bars were added since the last refresh, and the tier changed from {before} to {now}"
        )));
    }
    let names = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(",") };
    let layers = state::layer_names(budget.enabled);
    if whole && known.layers != layers {
        let (before, now) = (names(&known.layers), names(&layers));
        return Ok(Some(format!(
            "bars were added since the last refresh, and the layers changed from {before} to {now}"
        )));
    }
    let ranked = known.budget_of_all(&told.engine.params).ranked;
    if whole && ranked != budget.ranked {
        let [before, now] = [ranked, budget.ranked].map(|layers| names(&state::layer_names(layers)));
        return Ok(Some(format!(
            "bars were added since the last refresh, and the layers that rank volatility changed from {before} to {now}"
        )));
    }
    let moved = match &known.memory {
        Some(memory) => known.proxy != told.engine.proxy_print(told.asset, memory)?,
        None => false,
    };
    Ok(moved.then(|| "weekly bars of the market proxy changed since the last refresh".to_owned()))
}
