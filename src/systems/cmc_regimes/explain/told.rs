//! What is told about a row.

use regime_core::cmc_regimes::explain::Explanation;
use regime_core::cmc_regimes::policy::Policy;
use regime_core::cmc_regimes::series::Series;

use crate::pg::Db;
use crate::systems::cmc_regimes::engine::{Engine, Labels, Layers};
use crate::systems::cmc_regimes::profiles::{Own, Profiles};

/// Everything that is told about a row.
pub struct Told<'a, 'c> {
    pub db: Db<'c>,
    pub engine: &'a Engine<'c>,
    pub asset: i32,
    /// The asset as messages name it.
    pub name: String,
    /// The moment asked for, in microseconds since 2000; `None` is the newest row.
    pub at: Option<i64>,
    pub policy_name: &'a str,
    pub profiles: &'a Profiles<'a>,
    /// The profile of the asset.
    pub profile: &'a Own,
    /// The label parameters given, as further arguments of a call that refreshes the asset.
    pub arguments: String,
    pub policy: &'a Policy,
    pub series: &'a Layers,
    /// The labels from elsewhere.
    pub labels: &'a Labels,
    pub row: &'a Explanation,
    /// The market proxy's weekly bars up to the row, where the proxy applies.
    pub proxy: Option<Series>,
    /// The extension's schema, quoted.
    pub own: &'a str,
}
