//! What other rules, or another configuration, would have made of the stored rows. Nothing is written.

use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::rc::Rc;

use regime_core::cmc_regimes::pipeline::Outcome;
use regime_core::cmc_regimes::policy::Orders;

use crate::output::relation::output_relation;
use crate::pg::{
    Db, Result, Sees, arg, attempt_unless_cancelled, check_order, memory, report_warning, spi, timestamp_arg,
    utc,
};
use crate::source::names;
use crate::systems::cmc_regimes::assets::all_of;
use crate::systems::cmc_regimes::engine::Engine;
use crate::systems::cmc_regimes::params::Given;
use crate::systems::cmc_regimes::profiles::{Own, Profiles};
use crate::systems::cmc_regimes::row::{BY_POLICY_COLUMNS, Row, policy_moment, version_hash_by_policy};
use crate::systems::cmc_regimes::tables::{REGIMES, TF};

use serde_json::Value;

/// What is simulated.
#[derive(Clone, Copy)]
pub enum Laid<'a> {
    /// Rules over the policy.
    Rules(&'a Value),
    /// A configuration over that of the profile, key by key.
    Config(&'a Value),
}

/// A row that the simulation would change.
pub struct Change {
    pub id: i32,
    /// In microseconds since 2000.
    pub ts: i64,
    pub before: Rc<Row>,
    pub after: Rc<Row>,
}

/// Totals of an asset's rows, before or after.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    size: f64,
    /// What rounding left out of `size`: rows of size 0.6 must average 0.6.
    size_rest: f64,
    sized: i64,
    /// Rows with mixed, conservative and passive orders.
    pub orders: [i64; 3],
    /// Rows whose key differs from that of the row before.
    pub flips: i64,
}

impl Totals {
    /// The mean size; `None` without a size.
    pub fn mean_size(&self) -> Option<f64> {
        (self.sized > 0).then(|| (self.size + self.size_rest) / self.sized as f64)
    }

    fn add(&mut self, row: &Row, last: Option<&Row>) {
        if let Some(size) = row.size_mult {
            let next = self.size + size;
            let [smaller, larger] = if self.size >= size { [size, self.size] } else { [self.size, size] };
            self.size_rest += larger - next + smaller;
            self.size = next;
            self.sized += 1;
        }
        let orders = row.orders.as_deref().and_then(Orders::parse);
        self.orders.iter_mut().zip(Orders::ALL).for_each(|(n, o)| *n += i64::from(orders == Some(*o)));
        self.flips += i64::from(last.is_some_and(|last| last.regime_key != row.regime_key));
    }
}

/// The summary of an asset.
#[derive(Default)]
pub struct Summary {
    pub id: i32,
    /// Rows that are both stored and computed.
    pub rows: i64,
    pub rows_changed: i64,
    /// Daily bars without a stored row, and stored rows without a bar.
    pub not_compared: i64,
    /// Stored rows made with another policy or other parameters than those given.
    pub other_version: i64,
    pub before: Totals,
    pub after: Totals,
}

/// Which rows of which assets.
pub struct Scope {
    /// Sorted; `None` for all.
    pub ids: Option<Vec<i32>>,
    /// The first and the last moment, in microseconds since 2000; `None` is no limit.
    pub span: [Option<i64>; 2],
}

/// Computes the assets with what is simulated; calls `changed` with each row that differs from the stored
/// row, asset by asset in ascending time, and gives the summaries. An asset that cannot be computed is left out with
/// a WARNING.
///
/// # Errors
/// A span that ends before it begins, invalid rules, an invalid configuration, or label parameters that [`Profiles::parameters`] refuses.
pub fn simulate(
    laid: Laid,
    scope: Scope,
    given: &Given,
    mut changed: impl FnMut(Change),
) -> Result<Vec<Summary>> {
    let Scope { ids, span } = scope;
    check_order(["from_ts", "to_ts"], span, utc)?;
    spi::connect(|db| {
        let profiles = Profiles::now(db, given)?;
        let of_default = Simulated::new(db, &profiles, &None, laid)?;
        let relation = output_relation(db, &REGIMES)?;
        let ids = ids.map_or_else(|| all_of(db, &profiles, &of_default.given), Ok)?;
        let (mut own, mut known) = (profiles.of(db, &ids)?, HashMap::new());
        let mut summaries = Vec::with_capacity(ids.len());
        for id in ids {
            pgrx::check_for_interrupts!();
            let of_profile = match own.remove(&id) {
                None => &of_default,
                Some(profile) => {
                    let name = profile.name.clone();
                    let own = Some(profile);
                    let make = || attempt_unless_cancelled(|| Simulated::new(db, &profiles, &own, laid));
                    match known.entry(name).or_insert_with(make) {
                        Ok(known) => &*known,
                        Err(error) => {
                            report_warning(
                                &format!("{} is left out", names::in_words(db, id, None)?),
                                error,
                                None,
                            );
                            continue;
                        }
                    }
                }
            };
            let Simulated { engine, given, given_hash } = of_profile;
            let compared = memory::in_own_memory(|| {
                let outcome = engine.compute(id)?;
                let comparison = Comparison::of(id, &outcome, span, given.l4_label.as_deref());
                let stored = Stored { db, relation: &relation, span, given_hash };
                stored.compare(comparison, &mut changed)
            });
            match compared {
                Ok(summary) => summaries.push(summary),
                Err(error) => report_warning(
                    &format!("{} is left out", names::in_words(db, id, given.cal_scheme.as_deref())?),
                    &error,
                    None,
                ),
            }
        }
        Ok(summaries)
    })
}

/// What the assets of a profile are computed with.
struct Simulated<'c> {
    engine: Engine<'c>,
    given: Given,
    /// The version hash without what is simulated.
    given_hash: String,
}

impl<'c> Simulated<'c> {
    fn new(db: Db<'c>, profiles: &Profiles, own: &Own, laid: Laid) -> Result<Self> {
        let given = profiles.given(own);
        let given_hash = profiles.parameters(db, &given, None)?.version();
        let (given, rules) = match laid {
            Laid::Rules(rules) => (given, Some(rules)),
            Laid::Config(config) => {
                (Given { config: Some(config.clone()), ..Given::default() }.over(&given), None)
            }
        };
        let setup = profiles.parameters(db, &given, rules)?.setup(db, &given)?;
        Ok(Self { engine: Engine::new(db, setup, None), given, given_hash })
    }
}

/// The stored rows that are compared.
struct Stored<'a> {
    db: Db<'a>,
    relation: &'a str,
    span: [Option<i64>; 2],
    given_hash: &'a str,
}

impl Stored<'_> {
    fn compare(&self, mut comparison: Comparison, changed: &mut impl FnMut(Change)) -> Result<Summary> {
        let sql = format!(
            "SELECT {BY_POLICY_COLUMNS} FROM {} WHERE id = $1 AND tf = $2 AND ($3 IS NULL OR ts >= $3) AND ($4 IS NULL OR ts <= $4) \
             ORDER BY ts",
            self.relation
        );
        let [from, to] = self.span.map(timestamp_arg);
        let args = [arg(comparison.summary.id), arg(TF), from, to];
        self.db.rows(&sql, &args, Sees::Snapshot, |row| {
            let is_other = version_hash_by_policy(row)? != Some(self.given_hash);
            if let Some(change) = comparison.add(policy_moment(row)?, Row::read_by_policy(row)?, is_other) {
                changed(change);
            }
            Ok(())
        })?;
        Ok(comparison.summary())
    }
}

/// A row as an element of a set: numbers are equal if their bits are.
struct Shared(Rc<Row>);

impl Shared {
    fn key(&self) -> impl Hash + Eq + '_ {
        let Row {
            labels,
            regime_key,
            size_mult,
            stop_mult,
            orders,
            gross_cap,
            pyramids,
            setups,
            feature_tier,
            enabled,
            version_hash,
        } = &*self.0;
        let numbers = [size_mult, stop_mult, gross_cap].map(|number| number.map(f64::to_bits));
        (labels, regime_key, numbers, orders, pyramids, setups, feature_tier, enabled, version_hash)
    }
}

impl PartialEq for Shared {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Shared {}

impl Hash for Shared {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

/// Stored rows of an asset beside the computed rows.
struct Comparison<'a> {
    outcome: &'a Outcome,
    /// The computed rows in the span, by index.
    bars: Range<usize>,
    /// What each different row of the outcome row.
    computed: Vec<Rc<Row>>,
    /// The different stored rows: equal rows are shared.
    known: HashSet<Shared>,
    /// The row before, stored and computed.
    last: Option<[Rc<Row>; 2]>,
    summary: Summary,
}

impl<'a> Comparison<'a> {
    fn of(id: i32, outcome: &'a Outcome, [from, to]: [Option<i64>; 2], l4_label: Option<&str>) -> Self {
        let ts = &outcome.ts;
        let first = from.map_or(0, |from| ts.partition_point(|ts| *ts < from));
        let end = to.map_or(ts.len(), |to| ts.partition_point(|ts| *ts <= to));
        let computed = |row| Rc::new(Row::computed(row, l4_label, "").by_policy());
        Self {
            outcome,
            bars: first..end.max(first),
            computed: outcome.rows.iter().map(computed).collect(),
            known: HashSet::new(),
            last: None,
            summary: Summary { id, ..Summary::default() },
        }
    }

    /// Compares a stored row, later than those before; gives the change if the computed row differs.
    fn add(&mut self, ts: i64, stored: Row, is_other_version: bool) -> Option<Change> {
        let Ok(bar) = self.outcome.ts[self.bars.clone()].binary_search(&ts) else {
            self.summary.not_compared += 1;
            return None;
        };
        let before = self.shared(stored);
        let after = Rc::clone(&self.computed[self.outcome.row[self.bars.start + bar] as usize]);
        let last = self.last.replace([Rc::clone(&before), Rc::clone(&after)]);
        let [last_before, last_after] =
            last.as_ref().map_or([None; 2], |last| last.each_ref().map(|l| Some(&**l)));
        let summary = &mut self.summary;
        summary.rows += 1;
        summary.other_version += i64::from(is_other_version);
        summary.before.add(&before, last_before);
        summary.after.add(&after, last_after);
        if before == after {
            return None;
        }
        summary.rows_changed += 1;
        Some(Change { id: summary.id, ts, before, after })
    }

    fn shared(&mut self, stored: Row) -> Rc<Row> {
        match &self.last {
            // Mostly, a row equals the row before.
            Some([same, _]) if **same == stored => Rc::clone(same),
            _ => {
                let stored = Shared(Rc::new(stored));
                if let Some(Shared(known)) = self.known.get(&stored) {
                    return Rc::clone(known);
                }
                let row = Rc::clone(&stored.0);
                self.known.insert(stored);
                row
            }
        }
    }

    /// The summary, once all stored rows have been compared.
    fn summary(self) -> Summary {
        let missing = self.bars.len() as i64 - self.summary.rows;
        Summary { not_compared: self.summary.not_compared + missing, ..self.summary }
    }
}
