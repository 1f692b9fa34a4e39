//! What a refresh makes of the candles of a series: states, and the ranks of their escalation.

use regime_core::market_states::{CLASSIFIER_VERSION, Eras, Series};

use crate::output::series::OfSeries;
use crate::output::series::refresh::{Place, Work};
use crate::output::series::state::State;
use crate::pg::Result;
use crate::source::candles::Candles;
use crate::sync::compare::{Within, Written};
use crate::systems::market_states::rows::{Made, content, push};
use crate::systems::market_states::state::{self, Lost, Stored};
use crate::systems::market_states::tables::OF_SERIES;

/// Rows that are held in memory and written together.
const PORTION: usize = 8192;

/// The states of bars.
pub struct States;

/// The computation of a series with the eras in force.
pub struct Machine<'c> {
    pub series: Series<Stored<'c>>,
    pub eras: Eras,
    /// Whether the computation began with the first candle.
    is_whole: bool,
    /// What is to be stored once the nodes are.
    sealed: Vec<u8>,
}

impl Work for States {
    type Machine<'c> = Machine<'c>;

    fn of(&self) -> &'static OfSeries {
        &OF_SERIES
    }

    fn version(&self) -> String {
        CLASSIFIER_VERSION.to_owned()
    }

    fn begin<'c>(&self, at: &Place<'_, 'c>) -> Result<Machine<'c>> {
        let eras = state::eras(at.db, &at.series.timeframe)?;
        Ok(Machine { series: Series::new(Stored::none()), eras, is_whole: true, sealed: Vec::new() })
    }

    fn resume<'c>(&self, at: &Place<'_, 'c>, state: &State) -> Result<Option<Machine<'c>>> {
        let series = match Series::resume(&state.memory, Stored::of(at)) {
            Ok(series) => series,
            Err(Lost::Missing) => None,
            Err(Lost::Failed(error)) => return Err(error),
        };
        let eras = state::eras(at.db, &at.series.timeframe)?;
        Ok(series.map(|series| Machine { series, eras, is_whole: false, sealed: Vec::new() }))
    }

    fn candles(machine: &Machine) -> u64 {
        machine.series.bars()
    }

    fn write(
        &self,
        at: &Place,
        machine: &mut Machine,
        candles: &Candles,
        after: Option<i64>,
    ) -> Result<Option<Written>> {
        let mut written = Written::default();
        let bars = candles.ts.len();
        // Each portion takes the stored rows from the end of the last portion to its own, the last one all that are left.
        let (mut from, mut after) = (0, after);
        loop {
            let to = bars.min(from + PORTION);
            let mut rows = Vec::with_capacity(to - from);
            for i in from..to {
                match push(&mut machine.series, &machine.eras, candles, i) {
                    Ok(row) => rows.push(Made::new(row)),
                    Err(Lost::Missing) => return Ok(None),
                    Err(Lost::Failed(error)) => return Err(error),
                }
            }
            let until = (to < bars).then(|| candles.ts[to - 1]);
            let within = match (after, until) {
                (None, None) => None,
                (Some(after), None) => Some(Within::After(after)),
                (after, Some(until)) => Some(Within::Span(after.unwrap_or(i64::MIN), until)),
            };
            written += at.bring(within, &content(&candles.ts[from..to], &rows, at.version))?;
            match until {
                Some(until) => (from, after) = (to, Some(until)),
                None => return Ok(Some(written)),
            }
        }
    }

    fn basis(&self, machine: &Machine, newest: i64) -> Result<String> {
        Ok(state::basis(&machine.eras, newest))
    }

    fn memory(machine: &mut Machine) -> Vec<u8> {
        std::mem::take(&mut machine.sealed)
    }

    fn store_more(&self, at: &Place, machine: &mut Machine) -> Result<()> {
        let mut sealed = machine.series.seal();
        machine.sealed = std::mem::take(&mut sealed.state);
        state::store(at, sealed, machine.is_whole)
    }
}
