//! The row in force at a moment, and what stands in for a row that is missing, too old or without a policy: where
//! nothing is known, the tightest policy holds, never no policy.
//!
//! Called for every signal of a query, so the prepared statements are kept between calls.

use std::cell::RefCell;
use std::rc::Rc;

use pgrx::datum::Interval;

use regime_core::calendar::civil::MICROS_PER_DAY;
use regime_core::calendar::rhythm::MOST;
use regime_core::cmc_regimes::policy::{Orders, Policy, PolicyTable, Risk, STAND_DOWN, UNKNOWN};
use regime_core::cmc_regimes::proxy::PROXY_CAP;

use crate::output::fresh::Because;
use crate::output::relation::output_relation;
use crate::pg::{
    Arg, Db, Micros, Result, Sees, Statement, arg, cache, cache::State, environment::ours, extension_schema,
    invalid_parameter, settings, spi, time, timestamp_arg,
};
use crate::source::rhythm::{FEW, Watch, reach};
use crate::systems::cmc_regimes::policies::{built_in, parse_stored};
use crate::systems::cmc_regimes::row::{self, POLICY_COLUMNS, Row, Stored};
use crate::systems::cmc_regimes::tables::{REGIMES, TF};

/// What holds for an asset at a moment.
pub struct InForce {
    /// The row that holds: the newest at or before the moment, or the key, the policy and the setups that stand in
    /// for a row that is not used; these have the time of that row.
    pub row: Stored,
    /// The key of the row.
    pub regime_key: String,
    /// The policy of the row.
    pub risk: Risk,
    /// Why the newest row is not used.
    pub stale: Option<Stale>,
    /// The age of the newest row in microseconds, used or not; `None` also where the age is unknown, at an infinite
    /// moment.
    pub age: Option<i64>,
}

/// Why there is no row to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stale {
    /// There is no row at or before the moment.
    Missing,
    /// The newest row is older than this many microseconds.
    TooOld(i64),
    /// The row after the newest one was due at this moment, in microseconds since 2000, by the times of the rows before.
    Silent(i64),
    /// The policy of the newest row is NULL or out of range: an adopted row that no refresh has seen.
    Unusable,
}

impl Stale {
    /// Why, in the words of [`Because`] where it has the reason.
    pub fn as_str(self) -> &'static str {
        match self {
            Stale::Missing => "no row",
            Stale::TooOld(_) => Because::Old.as_str(),
            Stale::Silent(_) => Because::Silent.as_str(),
            Stale::Unusable => "no policy",
        }
    }
}

/// The greatest age of a row that is used, in microseconds: what was given, else `pg_regime.max_age`; `None` is no
/// limit.
///
/// # Errors
/// Where the age given is negative.
pub fn limit(max_age: Option<Interval>) -> Result<Option<i64>> {
    let Some(given) = max_age else { return Ok(settings::max_age()) };
    let micros = time::micros(&given);
    if micros < 0 {
        return Err(invalid_parameter(format!("max_age is negative: {} seconds", micros as f64 / 1e6))
            .hint("Pass max_age => interval '3 days', or leave it out for pg_regime.max_age."));
    }
    Ok(Some(i64::try_from(micros).unwrap_or(i64::MAX)))
}

/// The age in microseconds up to which most rows in force are found. With a lower bound the index scan ends after a
/// few entries, without it after half a page; so the statement without the bound runs only where the other found
/// nothing.
const NEAR: i64 = 7 * MICROS_PER_DAY;

/// How much of a row is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    All,
    /// The time, the key and the policy; the others are NULL.
    Policy,
}

impl Columns {
    /// The time of a row of a statement of these columns.
    fn moment(self, row: &spi::Row) -> Result<i64> {
        match self {
            Columns::All => row::moment(row),
            Columns::Policy => row::policy_moment(row),
        }
    }

    /// The row of an asset from a statement of these columns.
    fn read(self, asset: i32, row: &spi::Row) -> Result<Stored> {
        match self {
            Columns::All => Stored::read(row),
            Columns::Policy => Stored::read_policy(asset, row),
        }
    }
}

/// The statements, and what they were made for.
struct Kept {
    state: State,
    schema: String,
    statements: [Statement; 3],
}

thread_local! {
    static KEPT: RefCell<[Option<Kept>; 2]> = const { RefCell::new([None, None]) };
    /// The statement that reads the loaded policies, and what it was made for.
    static READS_POLICIES: RefCell<Option<(State, Statement)>> = const { RefCell::new(None) };
    /// The policies as last read.
    static POLICIES: RefCell<Option<Rc<Policies>>> = const { RefCell::new(None) };
}

/// The built-in policy and the loaded policies.
struct Policies {
    /// The loaded policies: name and rules.
    loaded: Vec<[String; 2]>,
    all: Vec<Policy>,
    /// At most what any row could hold, and no adding to positions.
    tightest: Risk,
}

/// The statement that looks among the rows not older than [`NEAR`], the one that looks among all, and the one of the times of the rows
/// that tell the rhythm.
fn statements(db: Db, columns: Columns) -> Result<[Statement; 3]> {
    let (state, schema) = (cache::state(), settings::target_schema());
    let is_it = |kept: &&Kept| kept.state == state && kept.schema == schema;
    let kept = KEPT.with_borrow(|kept| {
        kept[columns as usize].as_ref().filter(is_it).map(|kept| kept.statements.clone())
    });
    if let Some(statements) = kept {
        return Ok(statements);
    }
    let relation = ours(|| output_relation(db, &REGIMES))?;
    let list = match columns {
        Columns::All => REGIMES.selected(""),
        Columns::Policy => POLICY_COLUMNS.to_owned(),
    };
    let sql = |bound| {
        format!(
            "SELECT {list} FROM {relation} WHERE id OPERATOR(pg_catalog.=) $1 AND tf OPERATOR(pg_catalog.=) '{TF}' \
             AND ts OPERATOR(pg_catalog.<=) $2{bound} ORDER BY ts DESC LIMIT 1"
        )
    };
    let types = [arg(0), timestamp_arg(None), timestamp_arg(None)];
    let statements = [
        db.statement(&sql(" AND ts OPERATOR(pg_catalog.>=) $3"), &types)?,
        db.statement(&sql(""), &types[..2])?,
        db.statement(
            &format!(
                "SELECT ts::pg_catalog.timestamptz AS ts_ FROM {relation} WHERE id OPERATOR(pg_catalog.=) $1 \
                 AND tf OPERATOR(pg_catalog.=) '{TF}' AND ts OPERATOR(pg_catalog.<=) $2 AND ts OPERATOR(pg_catalog.>) $3 \
                 ORDER BY ts DESC LIMIT $4"
            ),
            &[arg(0), timestamp_arg(None), timestamp_arg(None), arg(0_i64)],
        )?,
    ];
    // Not kept if something changed meanwhile.
    if cache::state() == state {
        let kept = Kept { state, schema, statements: statements.clone() };
        KEPT.with_borrow_mut(|all| all[columns as usize] = Some(kept));
    }
    Ok(statements)
}

/// What holds for an asset at a moment, in microseconds since 2000, by rows not older than `limit` microseconds. To be
/// called with [`spi::connect_as_caller`]: the statements are qualified throughout, as this function is asked once for
/// each of many signals.
///
/// # Errors
/// Where the table is not there or cannot be read, and where a stored policy is not valid.
pub fn at(db: Db, asset: i32, at: i64, limit: Option<i64>, columns: Columns) -> Result<InForce> {
    let [near, all, times] = statements(db, columns)?;
    // A row of unknown age is older than any limit. Of a row that is too old, only the time is read.
    let too_old = |ts| limit.filter(|limit| age(ts, at).is_none_or(|age| age > *limit)).map(Stale::TooOld);
    let read = |row: &spi::Row| -> Result<Found> {
        let ts = columns.moment(row)?;
        let row = match too_old(ts) {
            Some(stale) => Err(stale),
            None => Ok(columns.read(asset, row)?),
        };
        Ok((ts, row))
    };
    let until = || [arg(asset), timestamp_arg(Some(at))];
    let mut found = None;
    if let Some(from) = at.checked_sub(NEAR).filter(|_| is_finite(at)) {
        let [asset, until] = until();
        found = newest(db, &near, &[asset, until, timestamp_arg(Some(from))], read)?;
    }
    if found.is_none() {
        found = newest(db, &all, &until(), read)?;
    }
    let ts = found.as_ref().map(|(ts, _)| *ts);
    let age = ts.and_then(|ts| age(ts, at));
    let stale = match found {
        None => Stale::Missing,
        Some((_, Err(stale))) => stale,
        Some((ts, Ok(row))) => match (policy(&row.row), silent(db, &times, asset, ts, at)?) {
            (Some((regime_key, risk)), None) => {
                return Ok(InForce { row, regime_key, risk, stale: None, age });
            }
            (Some(_), Some(due)) => Stale::Silent(due),
            (None, _) => Stale::Unusable,
        },
    };
    let risk = without_row(db)?;
    let says = Row {
        regime_key: Some(UNKNOWN.into()),
        setups: Some(vec![STAND_DOWN.to_owned()]),
        ..Row::of_risk(risk)
    };
    let row = Stored { id: asset, ts, row: says, updated_at: None };
    Ok(InForce { row, regime_key: UNKNOWN.to_owned(), risk, stale: Some(stale), age })
}

/// When the row after a row of an asset was due, where that was over at a moment: by the rows up to that row alone, of which there is
/// one for each bar. Bars are not read, since which of them were there at a moment of the past is not known.
fn silent(db: Db, times: &Statement, asset: i32, ts: i64, at: i64) -> Result<Option<i64>> {
    let watch = Watch::at(at);
    if !watch.may_be_silent_by_day(ts) {
        return Ok(None);
    }
    let read = |most: usize| {
        let mut all = Vec::new();
        let args = [arg(asset), timestamp_arg(Some(ts)), timestamp_arg(Some(reach(ts))), arg(most as i64)];
        times.rows(db, &args, Sees::Snapshot, |row| {
            all.push(row.get::<Micros>("ts_")?.0);
            Ok(())
        })?;
        Ok::<_, crate::pg::Error>(all)
    };
    match watch.needs_all(&read(FEW)?) {
        true => Ok(watch.silent_by_day(read(MOST)?)),
        false => Ok(None),
    }
}

/// The time of a row, and the row or why the row is not used.
type Found = (i64, std::result::Result<Stored, Stale>);

/// The one row of a statement, if there is one.
fn newest(
    db: Db,
    statement: &Statement,
    args: &[Arg],
    read: impl Fn(&spi::Row) -> Result<Found>,
) -> Result<Option<Found>> {
    let mut found = None;
    statement.rows(db, args, Sees::Snapshot, |row| {
        found = Some(read(row)?);
        Ok(())
    })?;
    Ok(found)
}

/// The key and the policy of a row, if that has both.
fn policy(row: &Row) -> Option<(String, Risk)> {
    let multiple = |value: Option<f64>| value.filter(|v| v.is_finite() && *v >= 0.0);
    let risk = Risk {
        size_mult: multiple(row.size_mult)?,
        stop_mult: multiple(row.stop_mult)?,
        orders: Orders::parse(row.orders.as_deref()?)?,
        gross_cap: multiple(row.gross_cap)?,
        pyramids: row.pyramids?,
    };
    Some((row.regime_key.as_deref()?.to_owned(), risk))
}

/// The age of a row, in microseconds; `None` where either moment is infinite.
fn age(ts: i64, at: i64) -> Option<i64> {
    if is_finite(ts) && is_finite(at) { at.checked_sub(ts) } else { None }
}

fn is_finite(moment: i64) -> bool {
    moment != i64::MIN && moment != i64::MAX
}

/// The policy where no row holds: at most what any row could hold, whichever of the policies computed that row and
/// whatever the market does, and no adding to positions.
fn without_row(db: Db) -> Result<Risk> {
    Ok(policies(db)?.tightest)
}

/// Whether a row of this key may leave its setups NULL, which is no restriction: by the built-in policy or a loaded one.
/// Otherwise the setups are missing, as in a column that was added and no refresh has filled.
///
/// # Errors
/// Where a stored policy is not valid.
pub fn may_leave_setups_open(db: Db, regime_key: &str) -> Result<bool> {
    let is_open = |policy: &Policy| match regime_key {
        // An intraday label, or one of the caller, can decide on the setups of such a row.
        UNKNOWN => policy.table().rules().iter().any(|rule| rule.setups.is_none()),
        key => policy.effect_of(key).setups.is_none(),
    };
    // Mostly the built-in policy does, which is known without a statement.
    Ok(is_open(&built_in()) || policies(db)?.all.iter().any(is_open))
}

/// The statement that reads the loaded policies, qualified throughout: it runs for every signal without a row.
fn policies_statement(db: Db) -> Result<Statement> {
    let state = cache::state();
    let kept = READS_POLICIES.with_borrow(|kept| kept.clone());
    if let Some((_, statement)) = kept.filter(|(of, _)| *of == state) {
        return Ok(statement);
    }
    let schema = extension_schema(db)?;
    let sql = format!(
        "SELECT policy::pg_catalog.text, rules::pg_catalog.text AS rules FROM {schema}.regime_policy ORDER BY 1"
    );
    let statement = db.statement(&sql, &[])?;
    // Not kept if something changed meanwhile.
    if cache::state() == state {
        READS_POLICIES.set(Some((state, statement.clone())));
    }
    Ok(statement)
}

fn policies(db: Db) -> Result<Rc<Policies>> {
    let mut loaded: Vec<[String; 2]> = Vec::new();
    policies_statement(db)?.rows(db, &[], Sees::Snapshot, |row| {
        loaded.push([row.get("policy")?, row.get("rules")?]);
        Ok(())
    })?;
    let known = POLICIES.with_borrow(|known| known.as_ref().filter(|known| known.loaded == loaded).cloned());
    if let Some(known) = known {
        return Ok(known);
    }
    let mut tables = vec![PolicyTable::built_in()];
    let schema = extension_schema(db)?;
    for [policy, rules] in &loaded {
        tables.push(PolicyTable::built_in().overlay(parse_stored(policy, &schema, rules)?));
    }
    let capped = Risk { size_mult: PROXY_CAP, gross_cap: PROXY_CAP, pyramids: false, ..Risk::NEUTRAL };
    let tightest = tables.iter().fold(capped, |risk, table| risk.tighten(table.tightest()));
    let all = tables.into_iter().map(Policy::new).collect();
    let policies = Rc::new(Policies { loaded, all, tightest });
    POLICIES.set(Some(Rc::clone(&policies)));
    Ok(policies)
}
