//! What a report says of an asset, read part by part. A part that cannot be read leaves the others.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use regime_core::calendar::civil::day_of;
use regime_core::cmc_regimes::backtest::{Bar, Summary, summary};
use regime_core::cmc_regimes::forward::{Forward, Rows, forward_returns_of};
use regime_core::cmc_regimes::row::FlipLayer;
use regime_core::math::flips::flips_after;
use regime_core::math::periods::{Change, Period, periods};

use crate::output::fresh::Fresh;
use crate::output::picture::{self, Shown};
use crate::output::relation::output_relation;
use crate::output::told::Line;
use crate::pg::{Db, Result, Sees, arg, attempt, no_data_found, settings, timestamp_arg};
use crate::source::names;
use crate::systems::cmc_regimes::arguments::{beside, given as of_kept, is_of_profile};
use crate::systems::cmc_regimes::explain;
use crate::systems::cmc_regimes::params::{Given, NOTHING};
use crate::systems::cmc_regimes::policies::DEFAULT_POLICY;
use crate::systems::cmc_regimes::policy::backtest::{Asked, backtest};
use crate::systems::cmc_regimes::profiles::Profiles;
use crate::systems::cmc_regimes::read::history::History;
use crate::systems::cmc_regimes::read::{desk, picture as drawn};
use crate::systems::cmc_regimes::refresh::state;
use crate::systems::cmc_regimes::row::Stored;
use crate::systems::cmc_regimes::status;
use crate::systems::cmc_regimes::tables::{REGIMES, TF};

/// The horizons of forward returns, in daily rows.
pub const HORIZONS: [usize; 3] = [1, 5, 20];

/// A part of a report, or in a line why it is left out.
pub type Part<T> = std::result::Result<T, String>;

/// All that a report says. Vectors of rows are in ascending time.
pub struct Facts {
    pub id: i32,
    pub symbol: Option<String>,
    /// The closes of the rows and the bands of regimes.
    pub picture: picture::History,
    /// The rows of the span.
    pub history: History,
    /// The runs of the span; the last has no end.
    pub periods: Vec<Period<Rc<str>>>,
    /// The most frequent regimes with their rows, the most frequent first.
    pub frequent: Vec<(Rc<str>, usize)>,
    /// The number of rows with a label.
    pub labelled: usize,
    /// Of these regimes.
    pub forward: BTreeMap<(Rc<str>, usize), Forward>,
    /// The newest row of the span.
    pub stored: Stored,
    /// The changes that hysteresis holds back, in words, where the newest row of the span is the newest of all.
    pub waiting: Option<String>,
    pub fresh: Part<Fresh>,
    pub why: Part<Vec<Line>>,
    pub tested: Part<Tested>,
    pub made: Made,
}

/// The sizes of the span tested, without costs.
pub struct Tested {
    /// The time of the first close, in microseconds since 2000.
    pub start: i64,
    /// The time at which each bar ends.
    pub ts: Vec<i64>,
    pub bars: Vec<Bar>,
    pub summary: Summary,
    pub per_year: f64,
}

/// What the rows were made with, as far as their state tells.
pub struct Made {
    pub policy: String,
    pub cal_scheme: String,
    pub profile: Option<String>,
    pub point_in_time: Option<bool>,
}

/// Reads all parts of a report of an asset; the span is in microseconds since 2000, both ends included, `None` is no limit.
///
/// # Errors
/// Where the span has no rows or no known close, and where the rows or the daily bars cannot be read.
pub fn facts(db: Db, id: i32, span: [Option<i64>; 2]) -> Result<Facts> {
    let shown = Shown::chart(span)?;
    let (history, picture) = drawn::history(db, "regime_report_html", id, FlipLayer::Composite, shown)?;
    let day: Vec<i64> = history.ts.iter().map(|ts| day_of(*ts)).collect();
    let (frequent, labelled) = frequent(&history);
    let rows = [Rows { day: &day, label: &history.label, close: &picture.close }];
    let is_frequent = |label: &Rc<str>| frequent.iter().any(|(frequent, _)| frequent == label);
    let forward = forward_returns_of(&rows, &HORIZONS, is_frequent, || {
        pgrx::check_for_interrupts!();
    });
    let stored = newest(db, id, span[1])?;
    let state = attempt(|| state::load(db, &settings::target_schema(), id)).ok().flatten();
    let kept = state.map(|state| state.basis.arguments);
    let (made, given) = made(db, id, kept.as_deref())?;
    let waiting = attempt(|| desk::waiting(db, &[id])).ok().and_then(|mut waiting| waiting.remove(&id));
    let fresh = part(|| fresh(db, id));
    let is_newest = fresh.as_ref().is_ok_and(|fresh| fresh.newest_row == stored.ts);
    Ok(Facts {
        id,
        symbol: names::symbol_of(db, id, None)?,
        periods: runs(&history),
        forward,
        frequent,
        labelled,
        waiting: waiting.filter(|_| is_newest).map(|(words, _)| words),
        why: part(|| explain::of(db, id, stored.ts, &given)),
        tested: part(|| tested(db, id, span)).and_then(|tested| {
            tested.ok_or_else(|| "fewer than two rows of the span have a known close".to_owned())
        }),
        fresh,
        made,
        stored,
        picture,
        history,
    })
}

/// The most frequent labels with their rows, and the number of rows with a label.
fn frequent(history: &History) -> (Vec<(Rc<str>, usize)>, usize) {
    /// Most regimes that tables have a row for.
    const MOST: usize = 10;
    let mut count: HashMap<&Rc<str>, usize> = HashMap::new();
    history.label.iter().flatten().for_each(|label| *count.entry(label).or_default() += 1);
    let all = count.values().sum();
    let mut order: Vec<(Rc<str>, usize)> =
        count.into_iter().map(|(label, n)| (Rc::clone(label), n)).collect();
    order.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    order.truncate(MOST);
    (order, all)
}

/// A part, or in a line why it cannot be had.
fn part<T>(read: impl FnOnce() -> Result<T>) -> Part<T> {
    attempt(read).map_err(|error| error.report().message.clone())
}

/// The newest row of an asset up to a moment.
fn newest(db: Db, id: i32, to: Option<i64>) -> Result<Stored> {
    let sql = format!(
        "SELECT {} FROM {} AS r WHERE r.id = $1 AND r.tf = $2 AND r.ts <= coalesce($3, 'infinity') AND pg_catalog.isfinite(r.ts) \
         ORDER BY r.ts DESC LIMIT 1",
        REGIMES.selected("r."),
        output_relation(db, &REGIMES)?
    );
    let args = [arg(id), arg(TF), timestamp_arg(to)];
    Ok(db.first(&sql, &args, Sees::Snapshot, Stored::read)?.unwrap_or_default())
}

/// The runs of labels; rows without a label are skipped.
fn runs(history: &History) -> Vec<Period<Rc<str>>> {
    let mut current = None;
    let flips = flips_after(&mut current, history.label.iter().cloned());
    let changes: Vec<Change<Rc<str>>> = flips
        .into_iter()
        .map(|flip| Change { ts: history.ts[flip.row], new: flip.new, lasted: flip.duration })
        .collect();
    periods(&changes, current.map_or(0, |run| run.rows))
}

/// What the rows were made with, and the arguments with which to explain them.
fn made(db: Db, id: i32, kept: Option<&str>) -> Result<(Made, Given)> {
    let profiles = Profiles::now(db, &NOTHING)?;
    let own = profiles.of_asset(db, id)?;
    let of_profile = profiles.of_profile(&own);
    let with = kept.map_or_else(|| of_profile.clone(), of_kept);
    let made = Made {
        policy: with.policy.clone().unwrap_or_else(|| DEFAULT_POLICY.to_owned()),
        cal_scheme: with.scheme(),
        profile: own.as_ref().map(|profile| profile.name.clone()),
        point_in_time: kept.and(with.point_in_time),
    };
    let given = match kept {
        Some(kept) if own.is_none() && !is_of_profile(kept) => beside(kept, of_profile),
        _ => Given::default(),
    };
    Ok((made, given))
}

fn fresh(db: Db, id: i32) -> Result<Fresh> {
    let found = status::of(db, Some(id))?.pop();
    found.map(|status| status.fresh).ok_or_else(|| no_data_found("no refresh has seen the asset"))
}

fn tested(db: Db, id: i32, span: [Option<i64>; 2]) -> Result<Option<Tested>> {
    const COST: f64 = 0.0;
    let asked = Asked::new(Some(vec![id]), None, span, Some(COST))?;
    let mut found = None;
    backtest(db, &asked, |of| {
        let Some((start, per_year)) = of.known().next().zip(of.per_year) else { return };
        found = summary(&of.bars, per_year, COST).map(|summary| Tested {
            start: of.ts[start],
            ts: of.bars.iter().map(|bar| of.ts[bar.row]).collect(),
            bars: of.bars.clone(),
            summary,
            per_year,
        });
    })?;
    Ok(found)
}
