//! Computing assets: the readers of a calendar scheme, the market proxy, the compiled policy.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use regime_core::cmc_regimes::budget::Budget;
use regime_core::cmc_regimes::memory::Memory;
use regime_core::cmc_regimes::outside::{OutsideLabels, OutsideLayer, PerOutside};
use regime_core::cmc_regimes::params::Params;
use regime_core::cmc_regimes::pipeline;
use regime_core::cmc_regimes::pipeline::{Given, Outcome};
use regime_core::cmc_regimes::policy::{Policy, PolicyTable};
use regime_core::cmc_regimes::proxy::Proxy;
use regime_core::cmc_regimes::series::Series;
use regime_core::cmc_regimes::version::{policy_hash, version_hash};
use regime_core::hash::of_texts;
use regime_core::{Layer, PerLayer};

use crate::output::set_up;
use crate::pg::{Db, Result};
use crate::source::bars::{Reader, Span};
use crate::source::map::{Source, Sources};
use crate::source::symbols::{self, Named};
use crate::systems::cmc_regimes::arguments::kept;
use crate::systems::cmc_regimes::basis::Basis;
use crate::systems::cmc_regimes::labels::{Marked, Shared};
use crate::systems::cmc_regimes::params::Setup;
use crate::systems::cmc_regimes::proxy::{Asked, ProxyPrint, Reads};
use crate::systems::cmc_regimes::tables::CMC;

thread_local! {
    /// What this session compiled, the last at the end: most calls need the same again, or that of another profile.
    static COMPILED: RefCell<Vec<Rc<Compiled>>> = const { RefCell::new(Vec::new()) };
}

/// Most policies that a session keeps compiled.
const MOST_COMPILED: usize = 8;

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
        let is_of_table = |c: &Self| Rc::ptr_eq(&c.table, &table) || *c.table == *table;
        let is_same = |c: &&Rc<Self>| c.params == *params && is_of_table(c);
        if let Some(known) = COMPILED.with_borrow(|all| all.iter().rev().find(is_same).cloned()) {
            return known;
        }
        let compiled = Rc::new(Self {
            params: params.clone(),
            version_hash: version_hash(&table, params),
            policy_hash: policy_hash(&table),
            policy: Policy::new(PolicyTable::clone(&table)),
            table,
        });
        COMPILED.with_borrow_mut(|all| {
            if all.len() >= MOST_COMPILED {
                all.remove(0);
            }
            all.push(Rc::clone(&compiled));
        });
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
        let texts: Vec<_> = sources.iter().flatten().flat_map(|source| source.texts()).collect();
        let print: Rc<str> = of_texts(texts.iter().map(AsRef::as_ref)).to_string().into();
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
    proxy: Reads,
    /// The labels of L3 and L4 that are of every asset.
    shared: PerOutside<Shared>,
    /// The moment after which nothing is read, in microseconds since 2000.
    as_of: Option<i64>,
    /// Rows that were read once for many assets, such as those of the market proxy, by the asset that was the first to need them.
    charged: RefCell<HashMap<i32, u64>>,
}

/// The bars of each layer, `None` where it has no source.
pub type Layers = PerLayer<Option<Series>>;

/// The labels from elsewhere of L3 and L4, `None` where there are none.
pub type Labels = PerOutside<Option<Rc<OutsideLabels>>>;

impl<'c> Engine<'c> {
    /// Prepares readers and policy. Nothing is read after `as_of`, in microseconds since 2000.
    pub fn new(db: Db<'c>, setup: Setup, as_of: Option<i64>) -> Self {
        Self {
            readers: setup.sources.map(|source| source.map(|s| Reader::new(db, s))),
            compiled: Compiled::get(setup.table, &setup.params),
            params: setup.params,
            policy: setup.policy,
            proxy: Reads::default(),
            shared: Default::default(),
            as_of,
            charged: RefCell::default(),
        }
    }

    /// The version hash of the policy and the parameters.
    pub fn version_hash(&self) -> &str {
        &self.compiled.version_hash
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.compiled.policy
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

    /// Whether a relation, as SQL, is read for labels from elsewhere alone.
    pub fn is_of_labels(&self, relation: &str) -> bool {
        let sources = || self.readers.iter().flatten().map(|reader| reader.source());
        sources()
            .flat_map(|source| source.labels.iter().flatten())
            .any(|labels| labels.relation.sql == relation)
            && !sources()
                .any(|source| [&source.bars.sql, &source.ema.sql].into_iter().any(|sql| sql == relation))
    }

    /// The labels from elsewhere of an asset, all that are known now. Those of every asset are read once, and again where the
    /// asset is `marked` because they have changed since.
    ///
    /// # Errors
    /// Labels that cannot be used, such as two of one time.
    pub fn labels(&self, asset: i32, marked: Option<&Marked>) -> Result<Labels> {
        let Some(daily) = self.reader(Layer::L2) else { return Ok([None, None]) };
        let of_layer = |layer: OutsideLayer| {
            let n = layer as usize;
            let source = daily.source().labels[n].as_ref().filter(|_| self.params.outside[n].is_some());
            let Some(source) = source else { return Ok(None) };
            let read = || daily.labels(source, asset).map(Rc::new);
            match source.relation.has_ids {
                true => read().map(Some),
                false => self.shared[n].labels(daily.db(), &source.relation.sql, marked, read).map(Some),
            }
        };
        let [l3, l4] = [OutsideLayer::L3, OutsideLayer::L4].map(of_layer);
        Ok([l3?, l4?])
    }

    /// The table of the ids, quoted, where sources name assets by symbols.
    pub fn symbols(&self) -> Option<&str> {
        self.readers.iter().flatten().find_map(|reader| reader.source().symbols())
    }

    /// The symbols by which bars name assets, of those that have one; `None` where bars name assets by their ids.
    ///
    /// # Errors
    /// Where the table of the ids cannot be read.
    pub fn named(&self, db: Db, assets: &[i32]) -> Result<Option<HashMap<i32, Named>>> {
        let of = |dim| db.with_new_snapshot(|| symbols::named(db, dim, Some(assets)));
        self.symbols().map(of).transpose()
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
    fn rows_read(&self) -> u64 {
        self.readers.iter().flatten().map(|reader| reader.read.take()).sum()
    }

    /// Books the rows that were read just now to an asset, whether its attempt fails or not: what was read of the market proxy is
    /// kept, and not read again.
    pub fn charge(&self, asset: i32) {
        *self.charged.borrow_mut().entry(asset).or_default() += self.rows_read();
    }

    /// Bars and EMAs that were read for an asset, and just now, since the last call of this function.
    pub fn rows_read_for(&self, asset: i32) -> u64 {
        self.charge(asset);
        self.charged.borrow_mut().remove(&asset).unwrap_or_default()
    }

    /// Computes an asset.
    ///
    /// # Errors
    /// Bars of the asset, or of a market proxy that it depends on, that cannot be used.
    pub fn compute(&self, asset: i32) -> Result<Outcome> {
        let series = self.series(asset)?;
        self.compute_from(asset, &series, &self.labels(asset, None)?)
    }

    /// Computes an asset from its bars and labels from elsewhere.
    ///
    /// # Errors
    /// Bars of a market proxy that it depends on that cannot be used.
    pub fn compute_from(&self, asset: i32, series: &Layers, labels: &Labels) -> Result<Outcome> {
        let series = series.each_ref().map(Option::as_ref);
        let proxy = self.proxy_of(asset, series)?;
        let budget = pipeline::budget(series, &self.params);
        Ok(pipeline::whole(series, &self.given(proxy.as_deref(), budget, labels)))
    }

    /// The inputs of an asset beside its bars: the market proxy, if it may cap a row, the budget of all bars, and labels from
    /// elsewhere.
    pub fn given<'e>(&'e self, proxy: Option<&'e Proxy>, budget: Budget, labels: &'e Labels) -> Given<'e> {
        let look = || {
            pgrx::check_for_interrupts!();
        };
        let outside = labels.each_ref().map(Option::as_deref);
        Given { budget, proxy, policy: &self.compiled.policy, params: &self.params, outside, look }
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
        labels: &Labels,
        emas: [&[f64]; 3],
        budget: Budget,
        asset: i32,
    ) -> Result<Outcome> {
        // Once all layers are enabled, they stay enabled.
        let young = memory.young_until == memory.newest;
        let last = series[Layer::L2].as_ref().and_then(|daily| daily.ts.last()).filter(|_| young);
        let proxy = last.map(|last| self.proxy_until(asset, *last, false)).transpose()?.flatten();
        let given = self.given(proxy.as_deref(), budget, labels);
        Ok(pipeline::resume(memory, series.each_ref().map(Option::as_ref), emas, &given))
    }

    /// The market proxy up to the last row of an asset with these bars that the proxy may cap; `None` without such a row, and
    /// for the proxy itself.
    ///
    /// # Errors
    /// As [`Engine::compute_from`].
    pub fn proxy_of(&self, asset: i32, series: PerLayer<Option<&Series>>) -> Result<Option<Rc<Proxy>>> {
        let until = pipeline::young_until(series.map(|s| s.map(|s| &s.ts[..])), &self.params);
        Ok(until.map(|until| self.proxy_until(asset, until, false)).transpose()?.flatten())
    }

    /// The market proxy at least up to a moment, in microseconds since 2000; `None` for the proxy itself. Later moments follow
    /// if `more` is true.
    fn proxy_until(&self, asset: i32, moment: i64, more: bool) -> Result<Option<Rc<Proxy>>> {
        let is_proxy = Some(asset) == self.params.market_proxy_id;
        (!is_proxy).then(|| self.read_proxy(moment, more)).transpose()
    }

    fn read_proxy(&self, moment: i64, more: bool) -> Result<Rc<Proxy>> {
        // Without a proxy there is nothing to read, and nothing is capped.
        let Some(id) = self.params.market_proxy_id else { return Ok(Rc::default()) };
        let asked = Asked { moment, more, end: self.as_of };
        self.proxy.until(&asked, self.reader(Layer::L1), id)
    }

    /// The fingerprint of the market proxy up to the last row of an asset that depends on it; `None` without such a
    /// row.
    ///
    /// # Errors
    /// As [`Engine::compute_from`].
    pub fn proxy_print(&self, asset: i32, memory: &Memory) -> Result<Option<ProxyPrint>> {
        let Some(until) = memory.young_until else { return Ok(None) };
        // The next rows of an asset that is still young need the proxy, too.
        let more = memory.young_until == memory.newest;
        Ok(self.proxy_until(asset, until, more)?.map(|proxy| ProxyPrint::of(&proxy, until)))
    }

    /// Whether the market proxy caps an asset without a monthly or weekly layer at a moment, in microseconds since 2000.
    ///
    /// # Errors
    /// Weekly bars of the proxy that cannot be used.
    pub fn caps_at(&self, moment: i64) -> Result<bool> {
        Ok(self.read_proxy(moment, true)?.at(moment).is_some_and(|(_, supportive)| !supportive))
    }

    /// Whether the market proxy differs from the one that rows were computed with. The first call alone reads it.
    pub fn proxy_has_changed(&self, before: ProxyPrint) -> bool {
        let ProxyPrint { until, .. } = before;
        // Where the proxy cannot be used, the refresh of the asset reports why.
        self.read_proxy(until, false).map_or(true, |proxy| before != ProxyPrint::of(&proxy, until))
    }
}
