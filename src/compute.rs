//! Computing assets: the readers of a calendar scheme, the market proxy, the compiled policy.

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
    /// The market proxy's weekly bars up to `as_of`, or why they cannot be used.
    proxy: Result<Proxy>,
    as_of: Option<i64>,
}

impl<'c> Engine<'c> {
    /// Prepares everything and reads the market proxy. `as_of` is a moment, in microseconds since
    /// 2000, after which nothing is read.
    pub fn new(db: Db<'c>, setup: Setup, as_of: Option<i64>) -> Result<Self> {
        let readers = setup.sources.map(|source| source.map(|s| Reader::new(db, s)));
        let proxy = match &readers[Layer::L1 as usize] {
            Some(weekly) => weekly.series(setup.params.market_proxy_id, as_of).map(|s| Proxy::new(&s)),
            None => Ok(Proxy::default()),
        };
        Ok(Self {
            readers,
            version_hash: version_hash(&setup.table, &setup.params),
            policy: Policy::new(setup.table),
            params: setup.params,
            proxy,
            as_of,
        })
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
        let proxied = asset != self.params.market_proxy_id;
        let needs_proxy = proxied && (!budget.enabled[0] || !budget.enabled[1]);
        let proxy = match &self.proxy {
            Err(error) if needs_proxy => return Err(proxy_error(error, self.params.market_proxy_id)),
            proxy => proxy.as_ref().ok().filter(|_| proxied),
        };
        Ok(pipeline::run(series, proxy, &self.policy, &self.params))
    }
}

fn proxy_error(error: &Error, proxy: i32) -> Error {
    error.clone().detail(format!(
        "Asset {proxy} is the market proxy (pg_regime.market_proxy_id), whose weekly bars cap assets without a monthly or weekly layer."
    ))
}
