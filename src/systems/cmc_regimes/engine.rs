//! Computing assets: the readers of a calendar scheme, the market proxy, the compiled policy.

use std::cell::{OnceCell, RefCell};
use std::fmt;
use std::rc::Rc;

use regime_core::cmc_regimes::budget::Budget;
use regime_core::cmc_regimes::memory::Memory;
use regime_core::cmc_regimes::params::Params;
use regime_core::cmc_regimes::pipeline;
use regime_core::cmc_regimes::pipeline::{Given, Outcome};
use regime_core::cmc_regimes::policy::{Policy, PolicyTable};
use regime_core::cmc_regimes::proxy::Proxy;
use regime_core::cmc_regimes::series::Series;
use regime_core::cmc_regimes::version::{policy_hash, version_hash};
use regime_core::hash::{Hash, of_texts};
use regime_core::{Layer, PerLayer};

use crate::output::set_up;
use crate::pg::{Db, Error, Result};
use crate::source::bars::{Reader, Span};
use crate::source::map::{Source, Sources};
use crate::systems::cmc_regimes::arguments::kept;
use crate::systems::cmc_regimes::basis::Basis;
use crate::systems::cmc_regimes::params::Setup;
use crate::systems::cmc_regimes::tables::CMC;

thread_local! {
    /// What this session compiled last: most calls need the same again.
    static COMPILED: RefCell<Option<Rc<Compiled>>> = const { RefCell::new(None) };
}

/// A compiled policy, with its hash and the version hash.
struct Compiled {
    params: Params,
    table: Rc<PolicyTable>,
    policy: Policy,
    version_hash: String,
    policy_hash: String,
}

impl Compiled {
    fn get(table: Rc<PolicyTable>, params: &Params) -> Rc<Self> {
        let last = COMPILED.with_borrow(|last| last.clone());
        let is_of_table = |c: &Self| Rc::ptr_eq(&c.table, &table) || *c.table == *table;
        if let Some(last) = last.filter(|c| c.params == *params && is_of_table(c)) {
            return last;
        }
        let compiled = Rc::new(Self {
            params: params.clone(),
            version_hash: version_hash(&table, params),
            policy_hash: policy_hash(&table),
            policy: Policy::new(PolicyTable::clone(&table)),
            table,
        });
        COMPILED.set(Some(Rc::clone(&compiled)));
        compiled
    }
}

thread_local! {
    /// The sources that this session used last, and their fingerprint.
    static PRINTED: RefCell<Option<(Sources, Rc<str>)>> = const { RefCell::new(None) };
}

/// The fingerprint of sources.
fn print_of(sources: Sources) -> Rc<str> {
    let is_same = |of: &Sources| {
        let mut layers = of.iter().zip(&sources);
        layers.all(|(a, b)| a.as_ref().map(Rc::as_ptr) == b.as_ref().map(Rc::as_ptr))
    };
    let last =
        PRINTED.with_borrow(|last| last.as_ref().filter(|(of, _)| is_same(of)).map(|l| Rc::clone(&l.1)));
    last.unwrap_or_else(|| {
        let texts = sources.iter().flatten().flat_map(|source| source.texts());
        let print: Rc<str> = of_texts(texts).to_string().into();
        PRINTED.set(Some((sources, Rc::clone(&print))));
        print
    })
}

/// Everything needed to compute an asset; made once, used for any number of assets.
pub struct Engine<'c> {
    readers: PerLayer<Option<Reader<'c>>>,
    pub params: Params,
    /// The name of the policy; `None` is the default.
    policy: Option<String>,
    compiled: Rc<Compiled>,
    /// The market proxy's weekly bars up to `as_of`, or why they cannot be used; read when an asset first needs
    /// them.
    proxy: OnceCell<Result<Proxy>>,
    /// The moment after which nothing is read, in microseconds since 2000.
    as_of: Option<i64>,
}

/// The bars of each layer, `None` where it has no source.
pub type Layers = PerLayer<Option<Series>>;

impl<'c> Engine<'c> {
    /// Prepares readers and policy. Nothing is read after `as_of`, in microseconds since 2000.
    pub fn new(db: Db<'c>, setup: Setup, as_of: Option<i64>) -> Self {
        Self {
            readers: setup.sources.map(|source| source.map(|s| Reader::new(db, s))),
            compiled: Compiled::get(setup.table, &setup.params),
            params: setup.params,
            policy: setup.policy,
            proxy: OnceCell::new(),
            as_of,
        }
    }

    /// The version hash of the policy and the parameters.
    pub fn version_hash(&self) -> &str {
        &self.compiled.version_hash
    }

    /// The hash of the policy alone.
    pub fn policy_hash(&self) -> &str {
        &self.compiled.policy_hash
    }

    /// The parameters and the policy's name, as an asset keeps them.
    pub fn arguments(&self) -> String {
        kept(&self.params, self.policy.as_deref())
    }

    /// The reader of a layer, where it has a source.
    pub fn reader(&self, layer: Layer) -> Option<&Reader<'c>> {
        self.readers[layer].as_ref()
    }

    /// What rows in the output tables of a schema are computed with, beside the bars; `tracking` is the fingerprint of
    /// the tracking triggers.
    ///
    /// # Errors
    /// Catalogs that cannot be read.
    pub fn basis(&self, db: Db, schema: &str, tracking: Option<String>) -> Result<Basis> {
        let sources = self.readers.each_ref().map(|reader| reader.as_ref().map(|r| Rc::clone(r.source())));
        Ok(Basis {
            version_hash: self.compiled.version_hash.clone(),
            policy_hash: self.compiled.policy_hash.clone(),
            sources: set_up::with_columns(db, schema, &CMC, &print_of(sources))?,
            arguments: self.arguments(),
            tracking,
        })
    }

    /// The bars of every layer of an asset.
    ///
    /// # Errors
    /// Bars that cannot be used, such as a close that is not positive.
    pub fn series(&self, asset: i32) -> Result<Layers> {
        let read = |r: &Reader| r.series(asset, Span::Until(self.as_of));
        PerLayer::try_from_fn(|layer| self.reader(layer).map(read).transpose())
    }

    /// The bars of an asset that closed after a moment, in microseconds since 2000; no bars for sources that are not
    /// `wanted`.
    ///
    /// # Errors
    /// As [`Engine::series`].
    pub fn later_series(&self, asset: i32, after: i64, wanted: impl Fn(&Source) -> bool) -> Result<Layers> {
        let read = |r: &Reader| match wanted(r.source()) {
            true => r.series(asset, Span::After(after)),
            false => Ok(Series::default()),
        };
        PerLayer::try_from_fn(|layer| self.reader(layer).map(read).transpose())
    }

    /// Bars and EMAs read since the last call of this function.
    pub fn rows_read(&self) -> u64 {
        self.readers.iter().flatten().map(|reader| reader.read.take()).sum()
    }

    /// Computes an asset.
    ///
    /// # Errors
    /// Bars of the asset, or of a market proxy that it depends on, that cannot be used.
    pub fn compute(&self, asset: i32) -> Result<Outcome> {
        let series = self.series(asset)?;
        self.compute_from(asset, &series)
    }

    /// Computes an asset from its bars.
    ///
    /// # Errors
    /// Bars of a market proxy that it depends on that cannot be used.
    pub fn compute_from(&self, asset: i32, series: &Layers) -> Result<Outcome> {
        let series = series.each_ref().map(Option::as_ref);
        Ok(pipeline::whole(series, &self.given(asset, pipeline::budget(series, &self.params))?))
    }

    /// The inputs of an asset with this budget, beside its bars.
    ///
    /// # Errors
    /// As [`Engine::compute_from`].
    pub fn given(&self, asset: i32, budget: Budget) -> Result<Given<'_>> {
        Ok(self.given_with(self.proxy_of(asset, budget)?, budget))
    }

    fn given_with<'e>(&'e self, proxy: Option<&'e Proxy>, budget: Budget) -> Given<'e> {
        let look = || {
            pgrx::check_for_interrupts!();
        };
        Given { budget, proxy, policy: &self.compiled.policy, params: &self.params, look }
    }

    /// Computes the rows that follow those of the memory ([`pipeline::resume`]). `emas` are the fast, mid and slow
    /// daily EMAs of all rows.
    ///
    /// # Errors
    /// As [`Engine::compute_from`].
    pub fn resume(
        &self,
        memory: Memory,
        series: &Layers,
        emas: [&[f64]; 3],
        budget: Budget,
        asset: i32,
    ) -> Result<Outcome> {
        // Once all layers are enabled, they stay enabled.
        let proxy = self.proxy_if(memory.young_until == memory.newest, asset)?;
        let given = self.given_with(proxy, budget);
        Ok(pipeline::resume(memory, series.each_ref().map(Option::as_ref), emas, &given))
    }

    /// The market proxy, for an asset with this budget that depends on it. With a point-in-time budget every asset
    /// does: each was young once.
    fn proxy_of(&self, asset: i32, budget: Budget) -> Result<Option<&Proxy>> {
        self.proxy_if(budget.is_young() || self.params.point_in_time, asset)
    }

    fn proxy_if(&self, needed: bool, asset: i32) -> Result<Option<&Proxy>> {
        if needed && asset != self.params.market_proxy_id { self.proxy().map(Some) } else { Ok(None) }
    }

    /// The fingerprint of the market proxy up to the last row of an asset that depends on it; `None` without such a
    /// row.
    ///
    /// # Errors
    /// As [`Engine::proxy`].
    pub fn proxy_print(&self, asset: i32, memory: &Memory) -> Result<Option<ProxyPrint>> {
        let Some(until) = memory.young_until else { return Ok(None) };
        Ok(self.proxy_if(true, asset)?.map(|proxy| ProxyPrint::of(proxy, until)))
    }

    /// Whether the market proxy differs from the one that rows were computed with. The first call alone reads it.
    pub fn proxy_has_changed(&self, before: ProxyPrint) -> bool {
        // Where the proxy cannot be used, the refresh of the asset reports why.
        self.proxy().map_or(true, |proxy| before != ProxyPrint::of(proxy, before.until))
    }

    /// The market proxy.
    ///
    /// # Errors
    /// Weekly bars of the proxy that cannot be used.
    pub fn proxy(&self) -> Result<&Proxy> {
        let id = self.params.market_proxy_id;
        let read = || match self.reader(Layer::L1) {
            Some(weekly) => weekly.series(id, Span::Until(self.as_of)).map(|series| Proxy::new(&series)),
            None => Ok(Proxy::default()),
        };
        self.proxy.get_or_init(read).as_ref().map_err(|error| proxy_error(error, id))
    }
}

/// A fingerprint of the market proxy up to a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyPrint {
    hash: Hash,
    /// In microseconds since 2000.
    until: i64,
}

impl ProxyPrint {
    fn of(proxy: &Proxy, until: i64) -> Self {
        Self { hash: proxy.print(until), until }
    }

    /// The fingerprint shown as this text; `None` if it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let (hash, until) = text.split_once(' ')?;
        Some(Self { hash: Hash::parse(hash)?, until: until.parse().ok()? })
    }
}

impl fmt::Display for ProxyPrint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.hash, self.until)
    }
}

fn proxy_error(error: &Error, proxy: i32) -> Error {
    error.clone().detail(format!(
        "Asset {proxy} is the market proxy (pg_regime.market_proxy_id), whose weekly bars cap assets without a monthly or weekly layer."
    ))
}
