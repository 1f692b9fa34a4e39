//! Explaining a row: which one it is and what its bars say; the steps are told in the files of `explain/`. All facts
//! are those of `regime_core::cmc_regimes::explain`: here is nothing but words.

pub mod labels;
pub mod policy;
pub mod stored;

use pgrx::prelude::*;
use pgrx::spi::quote_literal;

use regime_core::Layer;
use regime_core::cmc_regimes::explain::{Explanation, explain as explain_row};
use regime_core::cmc_regimes::hysteresis::Mode;
use regime_core::cmc_regimes::pipeline;
use regime_core::cmc_regimes::policy::Policy;
use regime_core::cmc_regimes::series::Series;

use crate::pg::error::{Error, Result};
use crate::pg::spi;
use crate::pg::spi::Db;
use crate::source::bars::{Span, utc};
use crate::source::map::extension_schema;
use crate::systems::cmc_regimes::engine::{Engine, Layers};
use crate::systems::cmc_regimes::params;
use crate::systems::cmc_regimes::params::{DEFAULT_POLICY, Given};

/// The steps, in reading order.
pub const ROW: i32 = 1;
pub const BUDGET: i32 = 2;
pub const LABELS: i32 = 3;
pub const HYSTERESIS: i32 = 4;
pub const KEY: i32 = 5;
pub const POLICY: i32 = 6;
pub const PROXY: i32 = 7;
pub const RESULT: i32 = 8;
pub const STORED: i32 = 9;

/// One line of an explanation.
pub struct Line {
    pub step: i32,
    pub layer: Option<&'static str>,
    pub what: String,
    pub value: String,
    pub detail: String,
}

/// A line that is not about one layer.
pub fn line(step: i32, what: impl Into<String>, value: impl Into<String>, detail: impl Into<String>) -> Line {
    Line { step, layer: None, what: what.into(), value: value.into(), detail: detail.into() }
}

impl Line {
    /// The line of a layer.
    pub fn of(self, layer: Layer) -> Self {
        Self { layer: Some(layer.as_str()), ..self }
    }
}

/// All that is told about a row.
pub struct Told<'a, 'c> {
    pub db: Db<'c>,
    pub engine: &'a Engine<'c>,
    pub asset: i32,
    /// The moment that was asked for.
    pub at: Option<i64>,
    /// Name of the policy.
    pub policy_name: &'a str,
    /// The label parameters that are not the defaults, to be appended to a call.
    pub arguments: String,
    pub policy: &'a Policy,
    pub series: &'a Layers,
    pub row: &'a Explanation,
    /// The market proxy's weekly bars up to the row, where it applies.
    pub proxy: Option<Series>,
    /// The extension's schema, quoted.
    pub own: &'a str,
}

/// Explains the newest row of an asset at or before a moment, in microseconds since 2000, or the newest of all.
pub fn explain(asset: i32, at: Option<i64>, given: &Given) -> Result<Vec<Line>> {
    spi::connect(|db| {
        let setup = params::load(db, given, None)?;
        let engine = Engine::new(db, setup, None);
        let own = extension_schema(db)?;
        let series = engine.series(asset)?;
        let layers = series.each_ref().map(Option::as_ref);
        let daily = layers[Layer::L2 as usize].map_or(&[][..], |daily| &daily.ts);
        let rows = at.map_or(daily.len(), |at| daily.partition_point(|ts| *ts <= at));
        let Some(index) = rows.checked_sub(1) else {
            return Err(no_row(&engine, asset, [daily.first().copied(), at], &own, given));
        };
        let given_rows = engine.given(asset, pipeline::budget(layers, &engine.params))?;
        let Some(row) = explain_row(index, layers, &given_rows) else {
            return Err(no_row(&engine, asset, [None, at], &own, given));
        };
        let proxy = match (given_rows.proxy, engine.reader(Layer::L1)) {
            (Some(_), Some(weekly)) => {
                Some(weekly.series(engine.params.market_proxy_id, Span::Until(Some(row.ts)))?)
            }
            _ => None,
        };
        let told = Told {
            db,
            engine: &engine,
            asset,
            at,
            policy_name: given.policy.as_deref().unwrap_or(DEFAULT_POLICY),
            arguments: arguments(given),
            policy: given_rows.policy,
            series: &series,
            row: &row,
            proxy,
            own: &own,
        };
        let mut lines = labels::tell(&told);
        lines.extend(policy::tell(&told));
        lines.extend(stored::tell(&told)?);
        Ok(lines)
    })
}

/// What was given, as a call's further arguments, without what is the default anyway.
fn arguments(given: &Given) -> String {
    let Given {
        cal_scheme,
        policy,
        hysteresis,
        hysteresis_mode,
        min_hold_bars,
        min_bars,
        l4_label,
        point_in_time,
    } = given;
    let text = |name: &str, text: &Option<String>, default: &str| {
        let text = text.as_deref().filter(|text| *text != default)?;
        Some(format!(", {name} => {}", quote_literal(text)))
    };
    let number = |name: String, number: Option<i32>| number.map(|n| format!(", {name} => {n}"));
    let mut all = vec![
        text("cal_scheme", cal_scheme, ""),
        text("policy", policy, DEFAULT_POLICY),
        hysteresis.filter(|on| !on).map(|_| ", hysteresis => false".to_owned()),
        text("hysteresis_mode", hysteresis_mode, Mode::Asymmetric.as_str()),
        number("min_hold_bars".to_owned(), *min_hold_bars),
    ];
    all.extend(min_bars.iter().enumerate().map(|(l, bars)| number(format!("min_bars_l{l}"), *bars)));
    all.push(text("l4_label", l4_label, ""));
    all.push(point_in_time.filter(|on| *on).map(|_| ", point_in_time => true".to_owned()));
    all.into_iter().flatten().collect()
}

/// A moment, as it is told.
pub fn moment(micros: i64) -> String {
    match micros {
        i64::MIN => "-infinity".to_owned(),
        i64::MAX => "infinity".to_owned(),
        micros => utc(micros),
    }
}

/// There is nothing to explain: no bars at all, or none so early.
fn no_row(engine: &Engine, asset: i32, [first, at]: [Option<i64>; 2], own: &str, given: &Given) -> Error {
    let of = |message: String| Error::new(PgSqlErrorCode::ERRCODE_NO_DATA_FOUND, message);
    match (first, at) {
        (Some(first), Some(at)) => of(format!("asset {asset} has no daily bar at or before {}", moment(at)))
            .detail(format!("Its first one closed at {}.", utc(first)))
            .hint(format!(
                "SELECT * FROM {own}.regime_explain({asset}, '{}'{});",
                utc(first),
                arguments(given)
            )),
        _ => {
            let error = of(format!("asset {asset} has no daily bars"));
            let Some(daily) = engine.reader(Layer::L2).map(|reader| reader.source()) else { return error };
            error
                .detail(format!(
                    "They are looked for in {} WHERE {}.",
                    daily.bars.sql,
                    daily.bars.condition_of(asset, daily.tf.as_deref())
                ))
                .hint(format!(
                    "Load them, or give an asset that has some: SELECT DISTINCT {} FROM {} ORDER BY 1; if they lie elsewhere, correct the L2 row of {own}.regime_source.",
                    daily.bars.id, daily.bars.sql
                ))
        }
    }
}
