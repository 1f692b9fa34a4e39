//! What an asset would have earned with the sizes of a policy: of stored rows that were made point in time alone.

use std::collections::HashMap;

use regime_core::cmc_regimes::backtest::{Bar, bars, bars_per_year};
use regime_core::cmc_regimes::policy::STAND_DOWN;
use regime_core::math::number::in_sql;

use crate::output::relation::{output_relation, work_relation};
use crate::pg::{
    Db, Micros, Result, Sees, arg, check_order, extension_schema, invalid_parameter, memory,
    not_in_prerequisite_state, null_argument, plural, quote_literal, settings, utc,
};
use crate::source::names;
use crate::systems::cmc_regimes::arguments::{arguments, beside, given as of_kept, is_of_profile};
use crate::systems::cmc_regimes::basis::Basis;
use crate::systems::cmc_regimes::engine::Engine;
use crate::systems::cmc_regimes::params::{Given, NOTHING};
use crate::systems::cmc_regimes::policies::DEFAULT_POLICY;
use crate::systems::cmc_regimes::profiles::{Own, Profiles};
use crate::systems::cmc_regimes::read::history::{Closes, assets};
use crate::systems::cmc_regimes::refresh::state;
use crate::systems::cmc_regimes::tables::{REGIMES, STATE, TF};

/// The highest cost of a trade: all of it, in hundredths of a percent.
const MOST_COST: f64 = 10_000.0;

/// What is asked.
pub struct Asked {
    /// Sorted; `None` for all that have rows.
    pub ids: Option<Vec<i32>>,
    /// The names of policies, each once; `None` for that of the stored rows.
    policies: Option<Vec<String>>,
    /// The first and the last moment, in microseconds since 2000; `None` is no limit.
    span: [Option<i64>; 2],
    /// What a trade costs, in hundredths of a percent of the amount.
    pub cost_bps: f64,
}

impl Asked {
    /// What is asked, checked.
    ///
    /// # Errors
    /// Policies that are NULL or none, a span that ends before it begins, and a cost that is none.
    pub fn new(
        ids: Option<Vec<i32>>,
        policies: Option<Vec<Option<String>>>,
        span: [Option<i64>; 2],
        cost_bps: Option<f64>,
    ) -> Result<Self> {
        const HINT: &str = "Pass policies => '{default}', or NULL for the policy of the stored rows.";
        check_order(["from_ts", "to_ts"], span, utc)?;
        let cost_bps = cost_bps.ok_or_else(|| null_argument("cost_bps"))?;
        if !(0.0..=MOST_COST).contains(&cost_bps) {
            let message = format!("cost_bps is {}, outside 0 to {MOST_COST}", in_sql(cost_bps));
            return Err(invalid_parameter(message).hint("Pass cost_bps => 10 for a tenth of a percent."));
        }
        let mut names: Option<Vec<String>> = policies.as_ref().map(|_| Vec::new());
        for name in policies.into_iter().flatten() {
            let name = name.ok_or_else(|| invalid_parameter("policies has a NULL element").hint(HINT))?;
            names
                .iter_mut()
                .filter(|names| !names.contains(&name))
                .for_each(|names| names.push(name.clone()));
        }
        if names.as_ref().is_some_and(Vec::is_empty) {
            return Err(invalid_parameter("policies is empty").hint(HINT));
        }
        Ok(Self { ids, policies: names, span, cost_bps })
    }
}

/// How many bars a year has, as a caller gives it, checked.
///
/// # Errors
/// A number under 1, and what is no number.
pub fn per_year(given: Option<f64>) -> Result<Option<f64>> {
    match given {
        Some(given) if !(given >= 1.0 && given.is_finite()) => {
            let message = format!("bars_per_year is {}, not a number from 1 up", in_sql(given));
            Err(invalid_parameter(message).hint("Pass bars_per_year => 365 or 252, or leave it out."))
        }
        given => Ok(given),
    }
}

/// The bars of an asset with the sizes of a policy.
pub struct Tested<'a> {
    pub id: i32,
    pub policy: String,
    /// Time of each stored row in the span, in microseconds since 2000.
    pub ts: &'a [i64],
    /// Close of each of these rows, NaN where unknown.
    pub close: &'a [f64],
    pub bars: Vec<Bar>,
    /// How many bars a year has, by all stored rows; `None` of fewer than two.
    pub per_year: Option<f64>,
}

impl Tested<'_> {
    /// The rows whose close is known, by index.
    pub fn known(&self) -> impl DoubleEndedIterator<Item = usize> {
        (0..self.close.len()).filter(|row| !self.close[*row].is_nan())
    }
}

/// Tests each asset that has rows in the span, by ascending id, with each policy; calls `tested` with each.
///
/// # Errors
/// Rows that were not made point in time, an unknown policy, and rows or bars that cannot be read or used.
pub fn backtest(db: Db, asked: &Asked, mut tested: impl FnMut(Tested)) -> Result<()> {
    let ids = asked.ids.as_ref().map_or_else(|| assets(db), |ids| Ok(ids.clone()))?;
    let profiles = Profiles::now(db, &NOTHING)?;
    let own = profiles.of(db, &ids)?;
    let mut engines = HashMap::new();
    for id in ids {
        pgrx::check_for_interrupts!();
        let all = Stored::read(db, id)?;
        let Some(stored) = all.within(asked.span) else { continue };
        let profile = own.get(&id).cloned();
        let of_profile = profiles.of_profile(&profile);
        let made = Made::of(db, id, &stored, (&profile, of_profile))?;
        let closes = Closes::of_scheme(db, id, &made.given.scheme())?;
        let close: Vec<f64> = stored.ts.iter().map(|ts| closes.at(*ts)).collect();
        let per_year = bars_per_year(&all.ts);
        let mut test = |policy: String, size: &[f64]| {
            let bars = bars(&close, size, asked.cost_bps);
            tested(Tested { id, policy, ts: stored.ts, close: &close, bars, per_year });
        };
        let Some(policies) = &asked.policies else {
            test(made.policy().to_owned(), stored.size);
            continue;
        };
        for policy in policies {
            let given = Given {
                policy: Some(policy.clone()),
                market_proxy_id: of_profile.market_proxy_id,
                ..made.given.clone()
            };
            let key = (policy.clone(), made.arguments.clone(), given.market_proxy_id);
            if !engines.contains_key(&key) {
                let setup = profiles.parameters(db, &given, None)?.setup(db, &given)?;
                engines.insert(key.clone(), Engine::new(db, setup, None));
            }
            let size = memory::in_own_memory(|| sizes(&engines[&key], id, stored.ts))?;
            test(policy.clone(), &size);
        }
    }
    Ok(())
}

/// The sizes that an engine computes for the rows of these times, 0 where they stand down; NaN where there is no bar any more.
fn sizes(engine: &Engine, id: i32, ts: &[i64]) -> Result<Vec<f64>> {
    let outcome = engine.compute(id)?;
    let size = |ts: &i64| {
        let bar = outcome.ts.binary_search(ts).ok()?;
        let row = &outcome.rows[outcome.row[bar] as usize];
        let stands_down = row.setups.iter().flatten().any(|setup| setup == STAND_DOWN);
        Some(if stands_down { 0.0 } else { row.risk.size_mult })
    };
    Ok(ts.iter().map(|ts| size(ts).unwrap_or(f64::NAN)).collect())
}

/// Stored rows of an asset in ascending time; each vector has one element a row.
#[derive(Default)]
struct Stored {
    /// Microseconds since 2000.
    ts: Vec<i64>,
    /// 0 where the row stands down, NaN where NULL.
    size: Vec<f64>,
    version: Vec<Option<String>>,
}

/// Those of the rows that lie in a span, at least one.
struct Within<'a> {
    ts: &'a [i64],
    size: &'a [f64],
    version: &'a [Option<String>],
}

impl Stored {
    fn read(db: Db, id: i32) -> Result<Self> {
        let sql = format!(
            "SELECT ts::timestamptz, CASE WHEN '{STAND_DOWN}' = ANY (setups::text[]) THEN 0 ELSE size_mult::float8 END, \
             regime_version_hash::text FROM {} WHERE id = $1 AND tf = $2 AND pg_catalog.isfinite(ts) ORDER BY ts",
            output_relation(db, &REGIMES)?
        );
        let mut all = Self::default();
        db.rows(&sql, &[arg(id), arg(TF)], Sees::Snapshot, |row| {
            let Micros(ts) = row.get(0_usize)?;
            all.ts.push(ts);
            all.size.push(row.get::<Option<f64>>(1_usize)?.unwrap_or(f64::NAN));
            all.version.push(row.get(2_usize)?);
            Ok(())
        })?;
        Ok(all)
    }

    fn within(&self, [from, to]: [Option<i64>; 2]) -> Option<Within<'_>> {
        let first = from.map_or(0, |from| self.ts.partition_point(|ts| *ts < from));
        let end = to.map_or(self.ts.len(), |to| self.ts.partition_point(|ts| *ts <= to));
        let rows = first..end.max(first);
        let within = |rows: std::ops::Range<usize>| Within {
            ts: &self.ts[rows.clone()],
            size: &self.size[rows.clone()],
            version: &self.version[rows],
        };
        (!rows.is_empty()).then(|| within(rows))
    }
}

/// What the rows of an asset were made with, point in time.
struct Made {
    arguments: String,
    given: Given,
}

impl Made {
    /// What rows were made with.
    ///
    /// # Errors
    /// Rows that were not made by a refresh, point in time, with labels that were known then.
    fn of(db: Db, id: i32, stored: &Within, (own, of_profile): (&Own, &Given)) -> Result<Self> {
        const WHY: &str = "What the rows were made with is kept there.";
        work_relation(db, STATE).map_err(|error| error.detail(WHY))?;
        let basis = state::load(db, &settings::target_schema(), id)?.map(|state| state.basis);
        let whose = |scheme: Option<&str>| names::in_words(db, id, scheme);
        let again = |given: Given, further: &str| -> Result<String> {
            let schema = extension_schema(db)?;
            let call = format!("SELECT * FROM {schema}.refresh_cmc_regimes({id}");
            let Some(profile) = own else {
                let arguments = arguments(&Given { point_in_time: Some(true), ..given });
                return Ok(format!("{call}{arguments}{further});"));
            };
            // A refresh with other parameters than those of the profile is refused.
            let changes = changes(of_profile).join(", ");
            let update = match changes.is_empty() {
                true => String::new(),
                false => format!(
                    "UPDATE {schema}.regime_profile SET {changes} WHERE profile = {}; ",
                    quote_literal(&profile.name)
                ),
            };
            Ok(format!("{update}{call}{further});"))
        };
        let Some(Basis { arguments: kept, version_hash, .. }) = basis else {
            let error = format!(
                "the rows of {} were not made by a refresh, so that nothing says whether they were made point in time",
                whose(None)?
            );
            return Err(not_in_prerequisite_state(error).hint(again(Given::default(), "")?));
        };
        let given = of_kept(&kept);
        let whose = whose(given.cal_scheme.as_deref())?;
        let same = if is_of_profile(&kept) { Given::default() } else { beside(&kept, of_profile) };
        if given.point_in_time != Some(true) {
            let error = format!(
                "the rows of {whose} were not made point in time: with point_in_time => false, their data budget counts bars that came later"
            );
            return Err(not_in_prerequisite_state(error).hint(again(same, "")?));
        }
        if let Some(label) = &given.l4_label {
            let error = format!(
                "the rows of {whose} have l4_label \"{label}\" over the whole history, whenever that was known"
            );
            let same = Given { l4_label: Some(String::new()), ..same };
            return Err(not_in_prerequisite_state(error).hint(again(same, "")?));
        }
        let others =
            stored.version.iter().filter(|version| version.as_deref() != Some(&version_hash)).count();
        if others > 0 {
            let rows = plural(others as u64, "row");
            let error = format!(
                "{others} {rows} of {whose} were not made by the last refresh, so that nothing says whether they were made point in time"
            );
            return Err(not_in_prerequisite_state(error).hint(again(same, ", full_refresh => true")?));
        }
        Ok(Self { arguments: kept, given })
    }

    /// The policy of the rows.
    fn policy(&self) -> &str {
        self.given.policy.as_deref().unwrap_or(DEFAULT_POLICY)
    }
}

/// What to change in a profile, so that a refresh with the profile makes rows point in time.
fn changes(profile: &Given) -> Vec<&'static str> {
    let is_in_time = profile.point_in_time.unwrap_or_else(settings::point_in_time);
    let has_label = profile.l4_label.as_ref().is_some_and(|label| !label.is_empty());
    let all = [(!is_in_time).then_some("point_in_time = true"), has_label.then_some("l4_label = NULL")];
    all.into_iter().flatten().collect()
}
