//! What is to be said of the market proxy, which young assets depend on.

use regime_core::Layer;
use regime_core::cmc_regimes::proxy::Proxy;

use crate::output::finding::Severity;
use crate::pg::{Result, plural, utc};
use crate::source::bars::Span;
use crate::systems::cmc_regimes::check::Complaint;
use crate::systems::cmc_regimes::check::inputs::Preflight;
use crate::systems::cmc_regimes::check::layer::{Checked, Layers, complaints_of};

/// An asset of which the market proxy may cap rows.
pub struct Young {
    pub id: i32,
    /// The time of the newest row, in microseconds since 2000, if the proxy may cap that row.
    pub now: Option<i64>,
}

impl Preflight<'_> {
    /// A fault of the market proxy, and how many of these assets are capped now.
    ///
    /// # Errors
    /// Where the bars of the proxy cannot be read.
    pub fn proxy(&self, young: &[Young]) -> Result<Vec<Complaint>> {
        let n = young.len() as i64;
        let assets = plural(n.unsigned_abs(), "asset");
        let complaint = |severity, problem: String, first| Complaint {
            who: self.params.market_proxy_id,
            place: Some(Layer::L1.as_str()),
            n: Some(n),
            first,
            ..Complaint::of_all(severity, problem)
        };
        let shown = "SELECT current_setting('pg_regime.market_proxy_id', true);";
        let Some(id) = self.params.market_proxy_id else {
            let problem = format!("no asset stands for the market: young {assets} without a cap");
            let choose = "Name one: SET pg_regime.market_proxy_id = …;";
            return Ok(vec![complaint(Severity::Info, problem, None).typed(shown).advised(choose)]);
        };
        let look = || format!("SELECT * FROM {}.regime_check_inputs(ARRAY[{id}]);", self.schema);
        let (Some(reader), Some(weekly)) = (&self.readers[Layer::L1], &self.weekly) else {
            let problem = format!("no weekly source, so no market proxy: young {assets} without a cap");
            return Ok(vec![complaint(Severity::Info, problem, None).typed(look())]);
        };
        let checked = Checked::new(reader, reader.read(id)?)?;
        let mut layers = Layers::default();
        let no_bars = checked.raw.bars.is_empty();
        let unsupportive = checked.bars_without_ema();
        layers[Layer::L1] = Some(checked);
        let worst =
            complaints_of(&layers, self.subject(id)).into_iter().find(|c| c.severity == Severity::Error);
        if no_bars {
            let problem = format!("market proxy has no weekly bars: young {assets} without a cap");
            let choose = "Load them, or name another asset: SET pg_regime.market_proxy_id = …;";
            return Ok(vec![complaint(Severity::Warning, problem, None).typed(look()).advised(choose)]);
        }
        if let Some(worst) = worst {
            let problem = format!(
                "market proxy cannot be used, and young {assets} cannot be computed without it: {}",
                worst.problem()
            );
            return Ok(vec![complaint(Severity::Error, problem, worst.first).typed(look())]);
        }
        let lacks = unsupportive.map(|first| {
            let problem =
                format!("market proxy lacks EMAs, the first at {}: young {assets} capped there", utc(first));
            complaint(Severity::Warning, problem, Some(first)).typed(look())
        });
        let proxy = Proxy::new(&weekly.series(id, Span::Until(None))?);
        let is_capped = |young: &&Young| {
            young.now.and_then(|now| proxy.at(now)).is_some_and(|(_, supportive)| !supportive)
        };
        let capped: Vec<i32> = young.iter().filter(is_capped).map(|young| young.id).collect();
        let problem = format!("market proxy: caps {} of {n} young {assets} now", capped.len());
        let command = match capped.first() {
            Some(id) => format!("SELECT * FROM {}.regime_explain({id});", self.schema),
            None => shown.to_owned(),
        };
        let told = complaint(Severity::Info, problem, None).typed(command);
        Ok(lacks.into_iter().chain([Complaint { n: Some(capped.len() as i64), ..told }]).collect())
    }
}
