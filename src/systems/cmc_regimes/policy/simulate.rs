//! What other rules would have made of the stored rows. Nothing is written.

use std::collections::HashMap;
use std::rc::Rc;

use regime_core::cmc_regimes::pipeline::Outcome;
use regime_core::cmc_regimes::policy::Orders;
use regime_core::cmc_regimes::version::version_hash;

use crate::output::relation::output_relation;
use crate::pg::arg::{arg, timestamp_arg};
use crate::pg::error::{Result, invalid_parameter, report_warning};
use crate::pg::spi::{Db, Sees};
use crate::pg::time::utc;
use crate::pg::{memory, spi};
use crate::systems::cmc_regimes::assets::all_ids;
use crate::systems::cmc_regimes::engine::Engine;
use crate::systems::cmc_regimes::params::{self, Given};
use crate::systems::cmc_regimes::row::{Row, columns, moment};
use crate::systems::cmc_regimes::tables::{REGIMES, TF};

use serde_json::Value;

/// A row that would be another.
pub struct Change {
    pub id: i32,
    pub ts: i64,
    pub before: Rc<Row>,
    pub after: Rc<Row>,
}

/// What an asset's rows say in sum, before or after.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum {
    /// The sum of sizes, and what rounding left out of it: 0.6 summed up is to be 0.6 on average.
    size: [f64; 2],
    sized: i64,
    /// Rows with mixed, conservative, passive orders.
    pub orders: [i64; 3],
    /// Changes of the key from a row to the next.
    pub flips: i64,
}

impl Sum {
    pub fn mean_size(&self) -> Option<f64> {
        (self.sized > 0).then(|| (self.size[0] + self.size[1]) / self.sized as f64)
    }

    fn add(&mut self, says: &Row, last: Option<&Row>) {
        if let Some(size) = says.size_mult {
            let [sum, rest] = self.size;
            let next = sum + size;
            // Sizes are not negative, so the sum is the larger from the second row on.
            self.size = [next, rest + if sum >= size { sum - next + size } else { size - next + sum }];
            self.sized += 1;
        }
        let orders = says.orders.as_deref().and_then(Orders::parse);
        self.orders.iter_mut().zip(Orders::ALL).for_each(|(n, o)| *n += i64::from(orders == Some(o)));
        self.flips += i64::from(last.is_some_and(|last| last.regime_key != says.regime_key));
    }
}

/// An asset in sum.
pub struct Summary {
    pub id: i32,
    /// Rows that are stored and would be computed.
    pub rows: i64,
    pub rows_changed: i64,
    /// Daily bars without a stored row, and stored rows without a bar.
    pub not_compared: i64,
    /// Stored rows that were made with another policy or other parameters than those given.
    pub other_version: i64,
    pub before: Sum,
    pub after: Sum,
}

/// Which rows of which assets.
pub struct Scope {
    pub ids: Option<Vec<i32>>,
    /// The first and the last moment, in microseconds.
    pub span: [Option<i64>; 2],
}

/// Computes the assets with rules laid over the policy and calls `changed` with each row that would be another
/// than the stored one, asset by asset in ascending time; gives the sums. An asset that cannot be computed
/// gives a WARNING and no sum.
pub fn simulate(
    rules: &Value,
    scope: Scope,
    given: &Given,
    mut changed: impl FnMut(Change),
) -> Result<Vec<Summary>> {
    let Scope { ids, span } = scope;
    if let [Some(from), Some(to)] = span
        && from > to
    {
        return Err(invalid_parameter(format!(
            "from_ts is {}, after to_ts, which is {}",
            utc(from),
            utc(to)
        ))
        .hint("Pass from_ts => the earlier of the two; both are included."));
    }
    spi::connect(|db| {
        let (_, params, table) = params::parameters(db, given, None)?;
        let given_hash = version_hash(&table, &params);
        let setup = params::load(db, given, Some(rules))?;
        let relation = output_relation(db, REGIMES.name)?;
        let ids = ids.map_or_else(|| all_ids(db, &setup), Ok)?;
        let engine = Engine::new(db, setup, None);
        let mut summaries = Vec::with_capacity(ids.len());
        for id in ids {
            pgrx::check_for_interrupts!();
            let compared = memory::in_own_memory(|| {
                let outcome = engine.compute(id)?;
                Simulation { db, relation: &relation, id, span, given_hash: &given_hash }.compare(
                    &outcome,
                    given.l4_label.as_deref(),
                    &mut changed,
                )
            });
            match compared {
                Ok(summary) => summaries.push(summary),
                Err(error) => report_warning(&format!("asset {id} is left out"), &error, None),
            }
        }
        Ok(summaries)
    })
}

struct Simulation<'a> {
    db: Db<'a>,
    relation: &'a str,
    id: i32,
    span: [Option<i64>; 2],
    given_hash: &'a str,
}

impl Simulation<'_> {
    fn compare(
        &self,
        outcome: &Outcome,
        l4_label: Option<&str>,
        changed: &mut impl FnMut(Change),
    ) -> Result<Summary> {
        // Rows that say the same share it.
        let row = |row| Rc::new(Row::computed(row, l4_label, "").by_policy());
        let computed: Vec<Rc<Row>> = outcome.rows.iter().map(row).collect();
        let mut known: HashMap<String, Rc<Row>> = HashMap::new();
        let [from, to] = self.span;
        let first = from.map_or(0, |from| outcome.ts.partition_point(|ts| *ts < from));
        let end = to.map_or(outcome.ts.len(), |to| outcome.ts.partition_point(|ts| *ts <= to));
        let bars = outcome.ts.get(first..end).unwrap_or_default();
        let mut summary = Summary {
            id: self.id,
            rows: 0,
            rows_changed: 0,
            not_compared: 0,
            other_version: 0,
            before: Sum::default(),
            after: Sum::default(),
        };
        let mut last: Option<[Rc<Row>; 2]> = None;
        let mut stored_rows = 0;
        let sql = format!(
            "SELECT {} FROM {} WHERE id = $1 AND tf = $2 AND ($3 IS NULL OR ts >= $3) AND ($4 IS NULL OR ts <= $4) \
             ORDER BY ts",
            columns(""),
            self.relation
        );
        let args = [arg(self.id), arg(TF), timestamp_arg(from), timestamp_arg(to)];
        self.db.rows(&sql, &args, Sees::Snapshot, |row| {
            stored_rows += 1;
            let ts = moment(row)?;
            let Ok(at) = bars.binary_search(&ts) else { return Ok(()) };
            let stored = Row::read(row)?;
            let other_version = stored.version_hash.as_deref() != Some(self.given_hash);
            let stored = stored.by_policy();
            // Mostly as the row before.
            let before = match &last {
                Some([same, _]) if **same == stored => Rc::clone(same),
                _ => Rc::clone(known.entry(format!("{stored:?}")).or_insert_with(|| Rc::new(stored))),
            };
            let after = Rc::clone(&computed[outcome.row[first + at] as usize]);
            summary.rows += 1;
            summary.other_version += i64::from(other_version);
            let [last_before, last_after] =
                last.as_ref().map_or([None, None], |[b, a]| [Some(&**b), Some(&**a)]);
            summary.before.add(&before, last_before);
            summary.after.add(&after, last_after);
            last = Some([Rc::clone(&before), Rc::clone(&after)]);
            if before != after {
                summary.rows_changed += 1;
                changed(Change { id: self.id, ts, before, after });
            }
            Ok(())
        })?;
        summary.not_compared = (stored_rows - summary.rows) + (bars.len() as i64 - summary.rows);
        Ok(summary)
    }
}
