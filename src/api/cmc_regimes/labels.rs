//! `regime_label_…`: raw labels of stored bars and of arrays.

use pgrx::prelude::*;

use regime_core::cmc_regimes::config::Config;
use regime_core::cmc_regimes::labeller::{Bars, How, label_bars};
use regime_core::cmc_regimes::pipeline;
use regime_core::{Label, Layer, Tier};

use crate::api::cmc_regimes::names;
use crate::api::{Result, TableIterator, check_length, timestamp};
use crate::pg::asset::Asset;
use crate::pg::{Result as Checked, extension_schema, invalid_parameter, spi};
use crate::source::bars::Span;
use crate::source::map::no_source;
use crate::systems::cmc_regimes::engine::Engine;
use crate::systems::cmc_regimes::params::Given;
use crate::systems::cmc_regimes::profiles;

type LabelRow = (TimestampWithTimeZone, Option<String>, Option<String>, Option<String>, Option<String>);

/// The two forms of each layer's labelling function (specification 2, Labels): of stored bars, and of arrays with an
/// element for each bar.
macro_rules! labellers {
    ($($name:literal, $stored:ident, $arrays:ident, $layer:expr;)+) => {$(
        /// Raw labels of an asset's stored bars.
        #[pg_extern(name = $name, stable, parallel_restricted)]
        fn $stored(
            asset: Option<Asset>,
            cal_scheme: default!(Option<&str>, "NULL"),
            mode: default!(Option<&str>, "NULL"),
        ) -> Result<
            TableIterator<(
                    name!(ts, TimestampWithTimeZone),
                    name!(trend, Option<String>),
                    name!(vol, Option<String>),
                    name!(liq, Option<String>),
                    name!(label, Option<String>),
                ),
            >> {
            Ok(TableIterator::new(stored($layer, names::one(asset, cal_scheme)?, cal_scheme, mode)?))
        }

        /// Raw labels of bars given as arrays; NULL if a required array is NULL.
        #[pg_extern(name = $name, immutable, parallel_safe)]
        fn $arrays(
            close: Option<Vec<Option<f64>>>,
            ema_fast: Option<Vec<Option<f64>>>,
            ema_mid: Option<Vec<Option<f64>>>,
            ema_slow: Option<Vec<Option<f64>>>,
            mode: default!(Option<&str>, "'full'"),
            atr: default!(Option<Vec<Option<f64>>>, "NULL"),
        ) -> Result<Option<Vec<&'static str>>> {
            let (Some(close), Some(fast), Some(mid), Some(slow)) = (close, ema_fast, ema_mid, ema_slow) else {
                return Ok(None);
            };
            Ok(Some(arrays($layer, close, [fast, mid, slow], mode, atr)?))
        }
    )+};
}

labellers! {
    "regime_label_monthly", regime_label_monthly, regime_label_monthly_arrays, Layer::L0;
    "regime_label_weekly", regime_label_weekly, regime_label_weekly_arrays, Layer::L1;
    "regime_label_daily", regime_label_daily, regime_label_daily_arrays, Layer::L2;
    "regime_label_intraday", regime_label_intraday, regime_label_intraday_arrays, Layer::L3;
}

fn tier(mode: &str) -> Checked<Tier> {
    Tier::parse(mode).ok_or_else(|| {
        invalid_parameter(format!("mode is \"{mode}\", which is not known")).hint(
            "Pass mode => 'full' (volatility ranked against its own history) or 'lite' (fixed cut-offs).",
        )
    })
}

fn stored(
    layer: Layer,
    asset: i32,
    cal_scheme: Option<&str>,
    mode: Option<&str>,
) -> Checked<impl Iterator<Item = LabelRow> + 'static> {
    let given = Given { cal_scheme: cal_scheme.map(str::to_owned), ..Given::default() };
    let tier = mode.map(tier).transpose()?;
    let (ts, labels) = spi::connect(|db| {
        let setup = profiles::load_bars(db, asset, &given)?;
        let engine = Engine::new(db, setup, None);
        let Some(reader) = engine.reader(layer) else {
            return Err(no_source(layer, &engine.params.cal_scheme, &extension_schema(db)?));
        };
        let Some(tier) = tier else {
            let mut all = engine.series(asset)?;
            let labels = pipeline::budgeted_labels(layer, all.each_ref().map(Option::as_ref), &engine.params);
            return Ok((all[layer].take().unwrap_or_default().ts, labels));
        };
        let series = reader.series(asset, Span::Until(None))?;
        let labels = pipeline::raw_labels(layer, &series, tier, &engine.params);
        Ok((series.ts, labels.into_iter().map(Some).collect()))
    })?;
    Ok(ts.into_iter().zip(labels).filter_map(|(ts, label)| {
        let place = |text: fn(Label) -> &'static str| label.map(|l| text(l).to_owned());
        Some((
            timestamp(ts)?,
            place(|l| l.trend().as_str()),
            place(|l| l.vol().as_str()),
            place(|l| l.liq().as_str()),
            place(Label::as_str),
        ))
    }))
}

fn arrays(
    layer: Layer,
    close: Vec<Option<f64>>,
    ema: [Vec<Option<f64>>; 3],
    mode: Option<&str>,
    atr: Option<Vec<Option<f64>>>,
) -> Checked<Vec<&'static str>> {
    let tier = tier(mode.unwrap_or("full"))?;
    let lengths = ["ema_fast", "ema_mid", "ema_slow"].into_iter().zip(ema.iter().map(Vec::len));
    for (name, length) in lengths.chain(atr.iter().map(|a| ("atr", a.len()))) {
        check_length(name, length, close.len())?;
    }
    let known = |values: Vec<Option<f64>>| -> Vec<f64> {
        values.into_iter().map(|v| v.filter(|v| v.is_finite()).unwrap_or(f64::NAN)).collect()
    };
    let close = known(close);
    let [fast, mid, slow] = ema.map(known);
    let atr = atr.map(known);
    let bars = Bars { close: &close, ema: [&fast, &mid, &slow], atr: atr.as_deref(), adx: None, costs: None };
    let how = How { layer, config: &Config::default(), adx_floor: 0.0 };
    Ok(label_bars(&bars, &how, tier).into_iter().map(Label::as_str).collect())
}
