//! An asset computed anew as the original would: with the data budget of the whole history, and with the market proxy as it is
//! today.

use std::collections::HashMap;

use regime_core::cmc_regimes::pipeline::{self, Outcome};
use regime_core::cmc_regimes::policy::Policy;
use regime_core::cmc_regimes::proxy::Proxy;
use regime_core::compare::Cell;

use crate::output::compare::{Subject, cell};
use crate::pg::{Db, Result, attempt, remark, session, settings};
use crate::sync::content::{Content, Value};
use crate::systems::cmc_regimes::arguments::given as of_kept;
use crate::systems::cmc_regimes::engine::Engine;
use crate::systems::cmc_regimes::params::{self, Given, NOTHING};
use crate::systems::cmc_regimes::profiles::Profiles;
use crate::systems::cmc_regimes::refresh::{rows, state};

use pgrx::prelude::*;

/// Rows of a table of an asset, by [`name`].
pub type Rows = HashMap<(i64, Option<String>), Vec<Cell>>;

/// What tells the rows of an asset apart: the time and the text of a key, as far as the key has them.
pub fn name(key: &[Cell]) -> (i64, Option<String>) {
    let micros = |cell: &Cell| if let Cell::Micros(at) = cell { Some(*at) } else { None };
    let at = key.first().and_then(micros).unwrap_or_default();
    (at, key.last().and_then(Cell::text).map(str::to_owned))
}

/// Rows of `cmc_regimes` computed another way.
struct Way {
    /// The difference that the way takes back; of two, the one that is tried last.
    number: u32,
    /// Of the time of each row, the place of what the row says.
    places: HashMap<i64, usize>,
    said: Vec<Vec<Cell>>,
}

/// An asset computed anew.
pub struct Again<'c> {
    engine: Engine<'c>,
    ways: Vec<Way>,
    /// Flips and statistics by the data budget of the whole history; `None` where rows are stored by that budget.
    pub flips: Option<Rows>,
    pub stats: Option<Rows>,
    /// Whether the market proxy caps young assets today.
    pub caps_today: bool,
}

impl<'c> Again<'c> {
    /// The asset of a subject; `None` where it cannot be computed as its rows were stored, of which a NOTICE tells.
    ///
    /// # Errors
    /// A cancel, and what ends the transaction.
    pub fn of(db: Db<'c>, subject: &Subject) -> Result<Option<Self>> {
        let Some(id) = subject.id.filter(|_| subject.both > 0) else { return Ok(None) };
        let why = match attempt(|| Self::computed(db, id)) {
            Ok(Some(again)) => return Ok(Some(again)),
            Ok(None) => {
                "its rows are of other parameters, or another policy, than those it has now".to_owned()
            }
            Err(error) => error.report().message.clone(),
        };
        remark(format!("asset {id} is not computed anew, so that some differences are not told: {why}"))
            .report_as(PgLogLevel::NOTICE);
        Ok(None)
    }

    fn computed(db: Db<'c>, id: i32) -> Result<Option<Self>> {
        let Some((engine, given)) = as_stored(db, id)? else { return Ok(None) };
        let whole = match engine.params.point_in_time {
            false => None,
            true => {
                let given = Given { point_in_time: Some(false), ..given };
                Some(Engine::new(db, params::load(db, &given, None)?, None))
            }
        };
        let caps_today = Some(id) != engine.params.market_proxy_id && engine.caps_at(session::clock())?;
        let mut again = Self { engine, ways: Vec::new(), flips: None, stats: None, caps_today };
        if let Some(whole) = &whole {
            let outcome = whole.compute(id)?;
            again.flips = Some(keyed(&rows::flips(&outcome), 2, 3));
            again.stats = Some(keyed(&rows::stats(&outcome), 1, 4));
            again.ways.push(Way::of(10, whole, &outcome));
        }
        // The proxy itself is never capped, nor is an asset where there is none.
        if again.engine.params.market_proxy_id.is_some_and(|proxy| proxy != id) {
            let proxy = Proxy::always(!caps_today);
            for engine in [Some(&again.engine), whole.as_ref()].into_iter().flatten() {
                let outcome = with_proxy(engine, id, &proxy)?;
                again.ways.push(Way::of(4, engine, &outcome));
            }
        }
        Ok(Some(again))
    }

    /// The policy of the rows.
    pub fn policy(&self) -> &Policy {
        self.engine.policy()
    }

    /// The row of a time as each way gives it, with the number of the difference.
    pub fn ways(&self, ts: &Cell) -> Vec<(u32, Option<&Vec<Cell>>)> {
        let Cell::Micros(ts) = ts else { return Vec::new() };
        self.ways.iter().map(|way| (way.number, way.places.get(ts).map(|place| &way.said[*place]))).collect()
    }
}

impl Way {
    fn of(number: u32, engine: &Engine, outcome: &Outcome) -> Self {
        let said = rows::said(outcome, &engine.params, engine.version_hash());
        let said = said.iter().map(|row| row.values().map(cell).to_vec()).collect();
        let places = outcome.ts.iter().zip(&outcome.row).map(|(ts, row)| (*ts, *row as usize));
        Self { number, places: places.collect(), said }
    }
}

/// The engine by which the rows of an asset were stored, and its parameters: those that the asset has now, or that its last
/// refresh was given.
fn as_stored<'c>(db: Db<'c>, id: i32) -> Result<Option<(Engine<'c>, Given)>> {
    let Some(state) = state::load(db, &settings::target_schema(), id)? else { return Ok(None) };
    let profiles = Profiles::now(db, &NOTHING)?;
    let own = profiles.of_asset(db, id)?;
    let now = profiles.given(&own);
    let kept = of_kept(&state.basis.arguments).over(&now);
    let in_time = |on| Given { point_in_time: Some(on), ..now.clone() };
    for given in [in_time(true), in_time(false), kept] {
        let engine = Engine::new(db, params::load(db, &given, None)?, None);
        if engine.version_hash() == state.basis.version_hash {
            return Ok(Some((engine, given)));
        }
    }
    Ok(None)
}

fn with_proxy(engine: &Engine, id: i32, proxy: &Proxy) -> Result<Outcome> {
    let (series, labels) = (engine.series(id)?, engine.labels(id, None)?);
    let series = series.each_ref().map(Option::as_ref);
    let budget = pipeline::budget(series, &engine.params);
    Ok(pipeline::whole(series, &engine.given(Some(proxy), budget, &labels)))
}

/// The rows of a content with keys and values of these lengths.
fn keyed(content: &Content, keys: usize, values: usize) -> Rows {
    let cells = |values: &[Value]| values.iter().copied().map(cell).collect::<Vec<_>>();
    let row = |(key, entry): (&[Value], &u32)| {
        let at = *entry as usize * values;
        (name(&cells(key)), cells(&content.entries[at..at + values]))
    };
    content.keys.chunks_exact(keys).zip(&content.entry).map(row).collect()
}
