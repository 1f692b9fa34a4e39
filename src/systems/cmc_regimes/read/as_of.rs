//! The row in force at a moment, and what stands in for it where there is none, where it is too old, or
//! where it says nothing: no evidence is the tightest policy, never none.
//!
//! Called for every signal of a query, so what the catalogs say and the statement are kept between calls.

use std::cell::RefCell;

use pgrx::datum::Interval;

use regime_core::calendar::civil::MICROS_PER_DAY;
use regime_core::cmc_regimes::policy::{Orders, PolicyTable, Risk, STAND_DOWN, UNKNOWN};
use regime_core::cmc_regimes::proxy::PROXY_CAP;

use crate::output::relation::output_relation;
use crate::pg::arg::{Arg, arg, timestamp_arg};
use crate::pg::cache::State;
use crate::pg::catalog::extension_schema;
use crate::pg::error::{Result, invalid_parameter};
use crate::pg::spi::{Db, Row, Sees, Statement};
use crate::pg::{cache, settings, time};
use crate::systems::cmc_regimes::policies::parse_stored;
use crate::systems::cmc_regimes::tables::{REGIMES, TF};

/// What holds for an asset at a moment. Times are microseconds, moments since 2000.
pub struct InForce<R> {
    /// Of the newest row at or before the moment, also where it is not used.
    pub ts: Option<i64>,
    /// How old that row is; `None` also where that cannot be said, at an infinite moment.
    pub age: Option<i64>,
    /// Why it is not used.
    pub stale: Option<Stale>,
    pub regime_key: String,
    pub risk: Risk,
    pub setups: Option<Vec<String>>,
    /// What else of the row was asked for; `None` where it is not used.
    pub rest: Option<R>,
}

/// Why there is no row to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stale {
    /// There is no row at or before the moment.
    Missing,
    /// It is older than this.
    TooOld(i64),
    /// Its policy is NULL or makes no sense: an adopted row that no refresh has seen.
    Unusable,
}

/// The oldest that a row may be, in microseconds: what was given, else the setting; `None` is no limit.
pub fn limit(max_age: Option<Interval>) -> Result<Option<i64>> {
    let Some(given) = max_age else { return Ok(settings::max_age()) };
    let micros = time::micros(&given);
    if micros < 0 {
        return Err(invalid_parameter(format!("max_age is negative: {} seconds", micros as f64 / 1e6))
            .hint("Pass max_age => interval '3 days', or leave it out for pg_regime.max_age."));
    }
    Ok(Some(i64::try_from(micros).unwrap_or(i64::MAX)))
}

/// Reads what else of a row is asked for, from this column of the statement on.
pub trait Rest: Sized {
    /// The columns, each with a comma before it.
    const COLUMNS: &'static str;
    fn read(row: &Row, from: usize) -> Self;
}

impl Rest for () {
    const COLUMNS: &'static str = "";
    fn read(_: &Row, _: usize) -> Self {}
}

/// Where most rows in force are found: not older than this. With a lower bound the index scan ends after a
/// few entries, where it would go through half a page; without a hit it is repeated without.
const NEAR: i64 = 7 * MICROS_PER_DAY;

/// A statement, and what it was made for.
struct Kept {
    state: State,
    schema: String,
    columns: &'static str,
    /// Of the near rows, and of all.
    statements: [Statement; 2],
}

thread_local! {
    /// One for each list of columns.
    static KEPT: RefCell<Vec<Kept>> = const { RefCell::new(Vec::new()) };
    /// The loaded policies as last read, and the tightest of all.
    static TIGHTEST: RefCell<Option<(Vec<[String; 2]>, Risk)>> = const { RefCell::new(None) };
}

fn statements<R: Rest>(db: Db) -> Result<[Statement; 2]> {
    let (state, schema) = (cache::state(), settings::target_schema());
    let is_it = |kept: &Kept| kept.columns == R::COLUMNS && kept.state == state && kept.schema == schema;
    let kept = KEPT.with_borrow(|all| all.iter().find(|k| is_it(k)).map(|k| k.statements.clone()));
    if let Some(statements) = kept {
        return Ok(statements);
    }
    let relation = output_relation(db, REGIMES.name)?;
    let sql = |bound| {
        format!(
            "SELECT ts::timestamptz, regime_key::text, size_mult::float8, stop_mult::float8, orders::text, \
             gross_cap::float8, pyramids::bool, setups::text[]{} FROM {relation} \
             WHERE id = $1 AND tf = '{TF}' AND ts <= $2{bound} ORDER BY ts DESC LIMIT 1",
            R::COLUMNS
        )
    };
    let types = [arg(0), timestamp_arg(None), timestamp_arg(None)];
    let statements = [db.statement(&sql(" AND ts >= $3"), &types)?, db.statement(&sql(""), &types[..2])?];
    // Not kept if something changed meanwhile.
    if cache::state() == state {
        KEPT.with_borrow_mut(|all| {
            all.retain(|kept| kept.columns != R::COLUMNS && kept.state == state);
            all.push(Kept { state, schema, columns: R::COLUMNS, statements: statements.clone() });
        });
    }
    Ok(statements)
}

/// What holds for an asset at a moment, by rows that are not older than the limit.
pub fn at<R: Rest>(db: Db, asset: i32, at: i64, limit: Option<i64>) -> Result<InForce<R>> {
    let [near, all] = statements::<R>(db)?;
    let read = |row: &Row| row.micros(0).map(|ts| (ts, judge::<R>(row, ts, at, limit)));
    let until = || [arg(asset), timestamp_arg(Some(at))];
    let mut found = None;
    if let Some(from) = at.checked_sub(NEAR).filter(|_| is_finite(at)) {
        let [asset, until] = until();
        found = newest(db, &near, &[asset, until, timestamp_arg(Some(from))], read)?;
    }
    if found.is_none() {
        found = newest(db, &all, &until(), read)?;
    }
    let (ts, stale) = match found {
        None => (None, Stale::Missing),
        Some((_, Ok(row))) => return Ok(row),
        Some((ts, Err(stale))) => (Some(ts), stale),
    };
    Ok(InForce {
        ts,
        age: ts.and_then(|ts| age(ts, at)),
        stale: Some(stale),
        regime_key: UNKNOWN.to_owned(),
        risk: without_row(db)?,
        setups: Some(vec![STAND_DOWN.to_owned()]),
        rest: None,
    })
}

/// What is made of the one row of a statement, if there is one.
fn newest<T>(
    db: Db,
    statement: &Statement,
    args: &[Arg],
    read: impl Fn(&Row) -> Option<T>,
) -> Result<Option<T>> {
    let mut found = None;
    statement.rows(db, args, Sees::Snapshot, |row| {
        found = read(row);
        Ok(())
    })?;
    Ok(found)
}

/// The row, if it may be used.
fn judge<R: Rest>(row: &Row, ts: i64, at: i64, limit: Option<i64>) -> std::result::Result<InForce<R>, Stale> {
    let age = age(ts, at);
    // A row whose age cannot be said is older than any limit.
    if let Some(limit) = limit.filter(|limit| age.is_none_or(|age| age > *limit)) {
        return Err(Stale::TooOld(limit));
    }
    let (regime_key, risk) = policy(row).ok_or(Stale::Unusable)?;
    Ok(InForce {
        ts: Some(ts),
        age,
        stale: None,
        regime_key,
        risk,
        setups: row.strings(7),
        rest: Some(R::read(row, 8)),
    })
}

fn policy(row: &Row) -> Option<(String, Risk)> {
    let multiple = |column| row.float(column).filter(|v| v.is_finite() && *v >= 0.0);
    let risk = Risk {
        size_mult: multiple(2)?,
        stop_mult: multiple(3)?,
        orders: Orders::parse(row.text(4)?)?,
        gross_cap: multiple(5)?,
        pyramids: row.bool(6)?,
    };
    Some((row.string(1)?, risk))
}

/// How old a row is, in microseconds; `None` where either moment is infinite.
fn age(ts: i64, at: i64) -> Option<i64> {
    if is_finite(ts) && is_finite(at) { at.checked_sub(ts) } else { None }
}

fn is_finite(moment: i64) -> bool {
    moment != i64::MIN && moment != i64::MAX
}

/// What holds where no row does: at most what any row could hold, whichever of the policies it was made
/// with and whatever the market does, and no adding to positions.
fn without_row(db: Db) -> Result<Risk> {
    let schema = extension_schema(db)?;
    let sql = format!("SELECT policy, rules::text FROM {schema}.regime_policy ORDER BY policy");
    let mut loaded = Vec::new();
    db.rows(&sql, &[], Sees::Snapshot, |row| {
        loaded.push([row.string(0).unwrap_or_default(), row.string(1).unwrap_or_default()]);
        Ok(())
    })?;
    let known = TIGHTEST.with_borrow(|known| known.as_ref().filter(|(of, _)| *of == loaded).map(|(_, r)| *r));
    if let Some(risk) = known {
        return Ok(risk);
    }
    let capped = Risk { size_mult: PROXY_CAP, gross_cap: PROXY_CAP, pyramids: false, ..Risk::NEUTRAL };
    let mut risk = PolicyTable::built_in().tightest().tighten(capped);
    for [policy, rules] in &loaded {
        let rules = parse_stored(policy, &schema, rules)?;
        risk = risk.tighten(PolicyTable::built_in().overlay(rules).tightest());
    }
    TIGHTEST.set(Some((loaded, risk)));
    Ok(risk)
}
