//! Computing assets: the readers of a calendar scheme, the market proxy, the compiled policy.

use std::cell::OnceCell;

use regime_core::Layer;
use regime_core::pipeline::{self, Outcome, Params, Proxy, Series};
use regime_core::policy::Policy;
use regime_core::version::version_hash;

use crate::db::Db;
use crate::error::{Error, Result};
use crate::params::Setup;
use crate::read::Reader;

/// All that computing an asset takes; made once, used for any number of assets.
pub struct Engine<'c> {
    readers: [Option<Reader<'c>>; 4],
    pub params: Params,
    pub policy: Policy,
    pub version_hash: String,
    /// The market proxy's weekly bars up to `as_of`, or why they cannot be used; read when the first
    /// asset needs them.
    proxy: OnceCell<Result<Proxy>>,
    as_of: Option<i64>,
}

impl<'c> Engine<'c> {
    /// Prepares everything. `as_of` is a moment, in microseconds since 2000, after which nothing is
    /// read.
    pub fn new(db: Db<'c>, setup: Setup, as_of: Option<i64>) -> Self {
        Self {
            readers: setup.sources.map(|source| source.map(|s| Reader::new(db, s))),
            version_hash: version_hash(&setup.table, &setup.params),
            policy: Policy::new(setup.table),
            params: setup.params,
            proxy: OnceCell::new(),
            as_of,
        }
    }

    /// The reader of a layer, where it has a source.
    pub fn reader(&self, layer: Layer) -> Option<&Reader<'c>> {
        self.readers[layer as usize].as_ref()
    }

    /// The bars of every layer of an asset.
    pub fn series(&self, asset: i32) -> Result<[Option<Series>; 4]> {
        let read = |reader: &Option<Reader>| reader.as_ref().map(|r| r.series(asset, self.as_of)).transpose();
        let [l0, l1, l2, l3] = &self.readers;
        Ok([read(l0)?, read(l1)?, read(l2)?, read(l3)?])
    }

    /// Computes an asset.
    pub fn compute(&self, asset: i32) -> Result<Outcome> {
        let series = self.series(asset)?;
        let series = series.each_ref().map(Option::as_ref);
        let budget = pipeline::budget(series, &self.params);
        let is_young = !budget.enabled[Layer::L0 as usize] || !budget.enabled[Layer::L1 as usize];
        let proxy = if is_young && asset != self.params.market_proxy_id { Some(self.proxy()?) } else { None };
        Ok(pipeline::run(series, proxy, &self.policy, &self.params))
    }

    fn proxy(&self) -> Result<&Proxy> {
        let id = self.params.market_proxy_id;
        let read = || match self.reader(Layer::L1) {
            Some(weekly) => weekly.series(id, self.as_of).map(|series| Proxy::new(&series)),
            None => Ok(Proxy::default()),
        };
        self.proxy.get_or_init(read).as_ref().map_err(|error| proxy_error(error, id))
    }
}

fn proxy_error(error: &Error, proxy: i32) -> Error {
    error.clone().detail(format!(
        "Asset {proxy} is the market proxy (pg_regime.market_proxy_id), whose weekly bars cap assets without a monthly or weekly layer."
    ))
}
