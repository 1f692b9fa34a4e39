//! The first steps: which row, the data budget, each layer's label, hysteresis, the key.

use std::cmp::Ordering;

use regime_core::cmc_regimes::budget::{Budget, Tier};
use regime_core::cmc_regimes::config::Config;
use regime_core::cmc_regimes::explain::LayerFacts;
use regime_core::cmc_regimes::facts::{Facts, Volatility};
use regime_core::cmc_regimes::hysteresis::{Decision, Mode};
use regime_core::cmc_regimes::layer::Layer;
use regime_core::cmc_regimes::outside::OutsideLayer;
use regime_core::cmc_regimes::series::Series;
use regime_core::math::number::{plain, rounded};
use regime_core::math::rolling::Standing;
use regime_core::{Label, Trend, Vol};

use crate::output::told::{Line, line};
use crate::pg::{moment, plural, quote_literal, utc};
use crate::systems::cmc_regimes::explain::told::Told;
use crate::systems::cmc_regimes::explain::{Step, outside};

/// The lines of these steps.
pub fn tell(told: &Told) -> Vec<Line> {
    let mut lines = vec![which(told)];
    lines.extend(budget(told));
    lines.extend(Layer::ALL.into_iter().flat_map(|layer| labels(told, layer)));
    lines.extend(OutsideLayer::ALL.iter().filter_map(|layer| outside::label(told, *layer)));
    lines.extend(Layer::ALL.into_iter().flat_map(|layer| hysteresis(told, layer)));
    lines.extend(OutsideLayer::ALL.iter().flat_map(|layer| outside::hysteresis(told, *layer)));
    lines.push(key(told));
    lines
}

fn which(told: &Told) -> Line {
    let rows = told.series[Layer::L2].as_ref().map_or(0, |daily| daily.ts.len());
    let asked = match told.at {
        Some(at) => format!("the newest row at or before {}", moment(at)),
        None => "the newest row".to_owned(),
    };
    let place = format!("{asked}: row {} of {rows} of {}", told.row.index + 1, told.name);
    line(Step::Row, "row", utc(told.row.ts), place)
}

/// The bars of a layer in words: `monthly`, `weekly`, `daily` or `intraday`.
pub const fn bars_of(layer: Layer) -> &'static str {
    match layer {
        Layer::L0 => "monthly",
        Layer::L1 => "weekly",
        Layer::L2 => "daily",
        Layer::L3 => "intraday",
    }
}

fn budget(told: &Told) -> Vec<Line> {
    let params = &told.engine.params;
    // Labels from elsewhere stand in place of intraday bars.
    let is_outside = |layer: Layer| layer == Layer::L3 && told.labels[0].is_some();
    let mut lines: Vec<Line> = Layer::ALL
        .into_iter()
        .filter(|layer| !is_outside(*layer))
        .map(|layer| {
            let Some(series) = &told.series[layer] else {
                let detail = format!(
                    "{} has no source in regime_source for cal_scheme {}",
                    layer.as_str(),
                    quote_literal(&params.cal_scheme)
                );
                return line(Step::Budget, "bars", "off: none", detail).of(layer.as_str());
            };
            let (all, until) = (series.ts.len(), series.until(told.row.ts));
            let (bars, kind) = (counted(told, series), bars_of(layer));
            let on = told.row.budget.enabled[layer];
            let need = format!(
                "{} {}",
                if on { "at least" } else { "fewer than the" },
                params.layers[layer].min_bars
            );
            let detail = if params.point_in_time {
                format!("{until} {kind} bars up to this row, {need} needed; {all} in the whole history")
            } else {
                format!("{all} {kind} bars in the whole history, {need} needed; {until} up to this row")
            };
            line(Step::Budget, "bars", format!("{}: {bars}", if on { "on" } else { "off" }), detail)
                .of(layer.as_str())
        })
        .collect();
    if let Some(label) = &params.l4_label {
        lines.push(line(Step::Budget, "label", label.as_str(), "passed as l4_label").of("L4"));
    }
    lines.push(tier(told));
    lines
}

/// The bars of a layer that the data budget of the row counts.
fn counted(told: &Told, series: &Series) -> usize {
    if told.engine.params.point_in_time { series.until(told.row.ts) } else { series.ts.len() }
}

fn tier(told: &Told) -> Line {
    let budget = told.row.budget;
    let l0 = budget.enabled[Layer::L0];
    let mut needs: Vec<String> = Budget::full_needs(l0)
        .map(|(layer, fewest)| {
            let bars = told.series[layer].as_ref().map_or(0, |series| counted(told, series));
            format!("{} {bars} {} {fewest}", bars_of(layer), if bars >= fewest { ">=" } else { "<" })
        })
        .collect();
    if !l0 {
        needs.push("months do not count, L0 is off".to_owned());
    }
    let means = match budget.tier {
        Tier::Full => "volatility is ranked against its own past",
        Tier::Lite => "volatility is held against fixed cut-offs",
    };
    line(Step::Budget, "tier", budget.tier.as_str(), format!("{}: {means}", needs.join(", ")))
}

fn labels(told: &Told, layer: Layer) -> Vec<Line> {
    let Some(series) = told.series[layer].as_ref().filter(|_| told.row.budget.enabled[layer]) else {
        return Vec::new();
    };
    let kind = bars_of(layer);
    let Some(of_layer) = &told.row.layers[layer] else {
        let detail = match series.ts.first() {
            Some(first) => {
                format!("the first {kind} bar closed after this row, at {}: no label yet", utc(*first))
            }
            None => format!("there are no {kind} bars: no label"),
        };
        return vec![line(Step::Labels, "bar", "none yet", detail).of(layer.as_str())];
    };
    let LayerFacts { bar, ts, facts, .. } = of_layer;
    let periods = told.engine.params.layers[layer].source.as_ref().map_or([0; 3], |s| s.periods);
    let place =
        format!("the newest {kind} bar closed at or before this row: bar {} of {}", bar + 1, series.ts.len());
    let mut lines = vec![line(Step::Labels, "bar", utc(*ts), place)];
    lines.extend(comparisons(Step::Labels, facts.close, facts.ema, periods));
    lines.push(line(Step::Labels, "trend", facts.label.trend().as_str(), trend(layer, of_layer)));
    lines.push(line(Step::Labels, "volatility", facts.label.vol().as_str(), volatility(told, layer, facts)));
    lines.push(line(
        Step::Labels,
        "liquidity",
        facts.label.liq().as_str(),
        liquidity(&told.engine.params.config, facts),
    ));
    let detail = format!("trend, volatility and liquidity of this {kind} bar, before hysteresis");
    lines.push(line(Step::Labels, "raw label", facts.label.as_str(), detail));
    lines.into_iter().map(|line| line.of(layer.as_str())).collect()
}

/// The two comparisons that a trend is made of.
pub fn comparisons(step: Step, close: f64, [fast, mid, slow]: [f64; 3], periods: [u32; 3]) -> [Line; 2] {
    let [p_fast, p_mid, p_slow] = periods.map(|period| format!("EMA {period}"));
    [
        comparison(step, "close, slow EMA", (close, "close"), (slow, &p_slow)),
        comparison(step, "fast, mid EMA", (fast, &p_fast), (mid, &p_mid)),
    ]
}

fn comparison(step: Step, what: &str, (a, a_name): (f64, &str), (b, b_name): (f64, &str)) -> Line {
    let unknown: Vec<&str> =
        [(a, a_name), (b, b_name)].iter().filter(|(v, _)| v.is_nan()).map(|(_, name)| *name).collect();
    let (sign, says) = match a.partial_cmp(&b) {
        Some(Ordering::Greater) => (">", format!("{a_name} is above {b_name}: up")),
        Some(Ordering::Less) => ("<", format!("{a_name} is under {b_name}: down")),
        Some(Ordering::Equal) => ("=", format!("{a_name} equals {b_name}: neither up nor down")),
        None => {
            ("?", format!("no {} at the time of this bar: neither up nor down", unknown.join(" and no ")))
        }
    };
    let a_text = if a_name == "close" { plain(a) } else { rounded(a, 7, &[b]) };
    let seen = if a_name == "close" { a } else { a_text.parse().unwrap_or(a) };
    line(step, what, format!("{a_text} {sign} {}", rounded(b, 7, &[a, seen])), says)
}

fn trend(layer: Layer, of_layer: &LayerFacts) -> String {
    let facts = &of_layer.facts;
    let this = facts.raw_trends[0].as_str();
    let earlier = facts.confirm_bars.saturating_sub(1);
    let other =
        facts.raw_trends.iter().skip(1).zip(&of_layer.ts_before).find(|(raw, _)| raw.as_str() != this);
    let mut text = match (facts.raw_trends[0], facts.confirm_bars) {
        (Trend::Sideways, _) => "neither both up nor both down on this bar".to_owned(),
        (_, 1) => format!("{this} on this bar, which is enough in {}", layer.as_str()),
        _ => match (other, of_layer.ts_before.last()) {
            (Some((before, ts)), _) => {
                let which = if earlier == 1 {
                    "the one before".to_owned()
                } else {
                    format!("one of the {earlier} before")
                };
                format!("{this} on this bar but {} on {which} ({}): not confirmed", before.as_str(), utc(*ts))
            }
            (None, Some(first)) if of_layer.ts_before.len() == earlier => {
                let which =
                    if earlier == 1 { "the one before".to_owned() } else { format!("the {earlier} before") };
                let from = if earlier == 1 { "" } else { "from " };
                format!("{this} on this bar and on {which} ({from}{}): confirmed", utc(*first))
            }
            (None, Some(_)) => {
                let all = of_layer.ts_before.len() + 1;
                format!("{this} on all {all} bars so far, fewer than {}: not confirmed", earlier + 1)
            }
            (None, None) => format!("{this} on this bar, the first of all: not confirmed"),
        },
    };
    if let Some([adx, floor]) = facts.adx {
        let (adx_text, floor_text) = (rounded(adx, 4, &[floor]), plain(floor));
        text += &match adx {
            adx if adx.is_nan() => format!("; ADX is unknown, so its floor {floor_text} has no effect"),
            adx if adx <= floor => format!("; ADX {adx_text} is not above its floor {floor_text}: Sideways"),
            _ => format!("; ADX {adx_text} is above its floor {floor_text}"),
        };
    }
    text
}

/// A share in percent, with as many digits as the comparison with these shares needs.
fn percent(share: f64, others: &[f64]) -> String {
    format!("{} %", rounded(share * 100.0, 4, others))
}

fn volatility(told: &Told, layer: Layer, facts: &Facts) -> String {
    let config = &told.engine.params.config;
    let measure = if facts.atr.is_some() {
        "ATR / close".to_owned()
    } else {
        let bars = config.atrp_bars;
        format!("mean absolute return of {bars} {}", plural(bars as u64, "bar"))
    };
    match facts.volatility {
        Volatility::Ranked { standing, .. } => ranked(config, &measure, facts.atrp, &standing),
        Volatility::CutOffs => cut_off(told, layer, &measure, facts),
    }
}

/// Volatility by its rank among the last bars.
fn ranked(config: &Config, measure: &str, atrp: f64, standing: &Standing) -> String {
    let Standing { n, known, min_known, .. } = standing;
    let Some(rank) = standing.rank else {
        if atrp.is_nan() {
            return format!(
                "{measure} is unknown ({known} of the last {n} bars have one), and unknown counts as High"
            );
        }
        return format!(
            "{measure} {}, but only {known} known in the last {n} bars, fewer than {min_known}: no percentile, \
             which counts as High",
            percent(atrp, &[])
        );
    };
    let pct = standing.percentile();
    let (low, high) = (config.vol_low_percentile, config.vol_high_percentile);
    let place = match pct {
        pct if pct < low => format!("under {low}"),
        pct if pct < high => format!("from {low} to under {high}"),
        _ => format!("{high} or more"),
    };
    format!(
        "percentile {}, {place}: {measure} {} has rank {} among the last {n} bars, {known} of them known",
        rounded(pct, 4, &[low, high]),
        percent(atrp, &[]),
        plain(rank),
    )
}

/// Volatility by fixed cut-offs.
fn cut_off(told: &Told, layer: Layer, measure: &str, facts: &Facts) -> String {
    let config = &told.engine.params.config;
    let cut_offs = [config.atrp_low * 100.0, config.atrp_high * 100.0];
    let [low, high] = cut_offs.map(|share| rounded(share, 4, &[]));
    let why = match config.vol_windows[layer] {
        None => format!("{} is never ranked", layer.as_str()),
        Some(window) if told.row.budget.tier == Tier::Full => {
            let bars = told.series[layer].as_ref().map_or(0, |series| counted(told, series));
            format!("{bars} bars do not fill the window of {window}")
        }
        Some(_) => "the tier is lite".to_owned(),
    };
    let found = if facts.atrp.is_nan() {
        format!("{measure} is unknown, which counts as Normal")
    } else {
        let place = match facts.label.vol() {
            Vol::Low => format!("under {low} %"),
            Vol::Normal => format!("from {low} % to {high} %"),
            Vol::High => format!("above {high} %"),
        };
        format!("{measure} {}, {place}", percent(facts.atrp, &cut_offs))
    };
    format!("{found}; fixed cut-offs, since {why}")
}

fn liquidity(config: &Config, facts: &Facts) -> String {
    let Config { liq_window, liq_easy, liq_stressed, .. } = *config;
    let Some(costs) = facts.costs else {
        return "not measured: no spread and slippage are mapped, which counts as Normal".to_owned();
    };
    let side = |name: &str, [value, median]: [f64; 2]| match (value.is_nan(), median.is_nan()) {
        (true, _) => format!("{name} is unknown"),
        (_, true) => format!(
            "{name} {} without a median (fewer than {} known in the last {liq_window} bars)",
            plain(value),
            config.min_known_costs()
        ),
        _ => format!(
            "{name} {} is {} times its median {} of {liq_window} bars",
            rounded(value, 4, &[]),
            rounded(value / median, 4, &[liq_easy, liq_stressed]),
            rounded(median, 4, &[])
        ),
    };
    format!(
        "{}, {}; Easy is both under {liq_easy} times, Stressed one above {liq_stressed} times",
        side("spread", costs[0]),
        side("slippage", costs[1])
    )
}

/// Size and stop of a label resolved alone, against another's.
fn alone(told: &Told, old: Label, new: Label) -> String {
    let (a, b) = (told.policy.alone(old), told.policy.alone(new));
    let field = |name: &str, a: f64, b: f64| {
        if a == b { format!("{name} {}", plain(a)) } else { format!("{name} {} -> {}", plain(a), plain(b)) }
    };
    format!("alone: {}, {}", field("size", a.size_mult, b.size_mult), field("stop", a.stop_mult, b.stop_mult))
}

fn hysteresis(told: &Told, layer: Layer) -> Vec<Line> {
    let Some(LayerFacts { facts, before, decision, after, .. }) = &told.row.layers[layer] else {
        return Vec::new();
    };
    let params = &told.engine.params;
    let (raw, hold) = (facts.label, params.hold);
    let from = before.accepted.map_or("", Label::as_str);
    let change = || before.accepted.map_or(String::new(), |old| alone(told, old, raw));
    let unit = if layer.holds_own_bars() { "bar" } else { "row" };
    let rows = |n: u32| format!("{n} {}", plural(n.into(), unit));
    let detail = match decision {
        Decision::NoLabel => "no raw label: nothing changes".to_owned(),
        Decision::First => "the first label of this layer: accepted".to_owned(),
        Decision::Same => match before.pending {
            Some(dropped) => {
                format!("the raw label is the one in force; {dropped}, which waited, is dropped")
            }
            None => "the raw label is the one in force".to_owned(),
        },
        Decision::NotHeld => format!("changed from {from} at once: hysteresis is off"),
        Decision::Tightens => format!("changed from {from} at once, since it reduces risk ({})", change()),
        Decision::SeenEnough(n) => {
            format!("changed from {from}: the change was seen on {} in a row", rows(*n))
        }
        Decision::Waits(_) if params.mode == Mode::Symmetric => {
            format!("kept: raw {raw} waits, since symmetric mode holds every change")
        }
        Decision::Waits(_) => format!("kept: raw {raw} waits, since it does not reduce risk ({})", change()),
    };
    let accepted = after.accepted.map_or("none", Label::as_str);
    let mut lines = vec![line(Step::Hysteresis, "accepted label", accepted, detail).of(layer.as_str())];
    if let (Decision::Waits(seen), Some(pending)) = (decision, after.pending) {
        let missing = hold.saturating_sub(*seen);
        let next = if missing == 1 {
            format!("the next {unit} shows")
        } else {
            format!("the next {missing} {unit}s show")
        };
        let same =
            if params.mode == Mode::Symmetric { "a label other than the one in force" } else { "it too" };
        let detail = format!(
            "seen on {seen} of {} in a row; {missing} missing: accepted if {next} {same}",
            rows(hold)
        );
        lines.push(line(Step::Hysteresis, "pending label", pending.as_str(), detail).of(layer.as_str()));
    }
    lines
}

fn key(told: &Told) -> Line {
    let labels = told.row.row.labels;
    let order = [Layer::L2, Layer::L1, Layer::L0];
    let detail = match order.into_iter().position(|layer| labels[layer].is_some()) {
        Some(0) => "the accepted label of L2".to_owned(),
        Some(n) => format!(
            "the accepted label of {}, since {} {} none",
            order[n].as_str(),
            order[..n].iter().map(|l| l.as_str()).collect::<Vec<_>>().join(" and "),
            if n == 1 { "has" } else { "have" }
        ),
        None => "no label of L2, L1 or L0".to_owned(),
    };
    line(Step::Key, "regime_key", told.row.row.key_text(), detail)
}
