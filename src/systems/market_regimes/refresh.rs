//! What a refresh makes of the candles of a series: labels with a configuration.

use regime_core::market_regimes::{Config, Label, Machine};

use crate::output::series::OfSeries;
use crate::output::series::refresh::{Place, Work};
use crate::output::series::state::State;
use crate::pg::{Result, internal};
use crate::source::candles::Candles;
use crate::sync::content::Content;
use crate::systems::market_regimes::rows::{content, run};
use crate::systems::market_regimes::tables::OF_SERIES;

/// The three-axis regimes of a configuration.
pub struct Regimes(pub Config);

impl Regimes {
    /// The regimes of a configuration that is given as JSON; `None` if it is none of this version.
    pub fn parse(config: &str) -> Option<Self> {
        Config::parse(config).ok().map(Self)
    }
}

impl Work for Regimes {
    type Machine<'c> = Machine;

    const IS_SIMPLE: bool = true;

    fn of(&self) -> &'static OfSeries {
        &OF_SERIES
    }

    fn version(&self) -> String {
        self.0.version()
    }

    fn begin<'c>(&self, _: &Place<'_, 'c>) -> Result<Machine> {
        Ok(Machine::new(&self.0))
    }

    fn resume<'c>(&self, _: &Place<'_, 'c>, state: &State) -> Result<Option<Machine>> {
        let is_readable = Self::parse(&state.basis).is_some();
        Ok(Machine::decode(&state.memory).filter(|_| is_readable))
    }

    fn candles(machine: &Machine) -> u64 {
        machine.candles()
    }

    fn content<'v>(&self, machine: &mut Machine, candles: &Candles, version: &'v str) -> Option<Content<'v>> {
        let labels: Vec<Label> = run(machine, candles).collect();
        Some(content(&candles.ts, &labels, version))
    }

    fn basis(&self, _: &Machine, _: i64) -> Result<String> {
        serde_json::to_string(&self.0).map_err(|error| internal(error.to_string()))
    }

    fn memory(machine: &mut Machine) -> Vec<u8> {
        machine.encode()
    }
}
