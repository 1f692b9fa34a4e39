//! The page of a report: its parts as texts for `page.html`.

use std::rc::Rc;

use askama::Template;

use regime_core::calendar::civil::{MICROS_PER_DAY, date};
use regime_core::cmc_regimes::backtest::Bar;
use regime_core::math::number::rounded;
use regime_core::math::performance::Performance;
use regime_core::math::periods::{Period, durations, simple_return};

use crate::output::picture::chart::{self, Size};
use crate::output::picture::lines::{Line as Drawn, Lines};
use crate::output::picture::svg::{DOWN, INK, Shade, UP, one_line};
use crate::output::told::Line;
use crate::pg::{Db, Result, internal, plural, session, utc};
use crate::systems::cmc_regimes::explain::Step;
use crate::systems::cmc_regimes::report::facts::{Facts, Part, Tested, facts};
use crate::systems::cmc_regimes::report::html;
use crate::systems::cmc_regimes::report::regimes::{
    Matrix, Regime, decimal, matrix, percent, regimes, trend,
};

/// Width and height of pictures on wide and on narrow screens, in pixels.
const CHART: [[u32; 2]; 2] = [[1100, 380], [420, 320]];
const LINES: [[u32; 2]; 2] = [[1100, 240], [420, 230]];
const DRAWDOWNS: [[u32; 2]; 2] = [[1100, 170], [420, 170]];

/// The page.
#[derive(Template)]
#[template(path = "systems/cmc_regimes/report/page.html")]
struct Page {
    subject: String,
    heading: String,
    written: String,
    regime: String,
    trend: &'static str,
    figures: Vec<[String; 2]>,
    sentences: Vec<String>,
    chart: Picture,
    why: Part<Reasons>,
    regimes: Vec<Regime>,
    matrix: Matrix,
    tested: Part<Earned>,
    flips: Vec<Flip>,
    facts: Vec<[String; 2]>,
}

/// A picture for wide and one for narrow screens, as SVG.
struct Picture([String; 2]);

/// Why the newest row of the span is what it is.
struct Reasons {
    /// Of each layer, how its label came about.
    layers: Vec<(&'static str, Vec<Reason>)>,
    /// What the policy made of the labels.
    policy: Vec<Reason>,
    /// The bars of each layer, and the tier.
    budget: Vec<Reason>,
}

/// A line of an explanation.
struct Reason {
    /// Where a new step begins.
    step: &'static str,
    about: &'static str,
    what: String,
    value: String,
    detail: String,
}

/// What the sizes earned, beside the asset held whole.
struct Earned {
    equity: Picture,
    drawdowns: Picture,
    /// A name, the figure of the sizes, that of the asset held whole.
    figures: Vec<[String; 3]>,
    note: String,
}

/// A change of regime in the last year of the span.
struct Flip {
    day: String,
    from: String,
    to: String,
    trend: &'static str,
    /// Rows that the regime before lasted, and the return since.
    lasted: String,
    since: String,
}

/// The report of an asset, as HTML in one line; the span is in microseconds since 2000, both ends included, `None` is no
/// limit.
///
/// # Errors
/// Where the span has no rows or no known close, and where the rows or the daily bars cannot be read.
pub fn report(db: Db, id: i32, span: [Option<i64>; 2]) -> Result<String> {
    let facts = facts(db, id, span)?;
    let page = page(&facts).render();
    // Writing to a String cannot fail.
    page.map(|page| html::one_line(&page)).map_err(|error| internal(error.to_string()))
}

fn page(facts: &Facts) -> Page {
    let regimes = regimes(facts);
    let subject = facts.symbol.as_deref().map_or_else(|| format!("Asset {}", facts.id), one_line);
    let ts = &facts.history.ts;
    let ends = [ts.first(), ts.last()].map(|end| end.map_or(String::new(), |end| date(*end)));
    let regime = facts.stored.row.regime_key.as_deref().unwrap_or("no regime").to_owned();
    Page {
        heading: format!("{} to {}, {} daily {}", ends[0], ends[1], ts.len(), plural(ts.len() as u64, "row")),
        written: minute(session::now()),
        trend: trend(&regime),
        figures: figures(facts),
        sentences: sentences(facts),
        chart: Picture(CHART.map(|pixels| chart::svg(&facts.picture, Size { pixels, log: true }))),
        why: facts.why.as_ref().map(|lines| reasons(lines)).map_err(Clone::clone),
        matrix: matrix(facts, &regimes),
        regimes,
        tested: facts.tested.as_ref().map(earned).map_err(Clone::clone),
        flips: flips(facts),
        facts: data(facts),
        regime,
        subject,
    }
}

fn reasons(lines: &[Line]) -> Reasons {
    const LAYERS: [(&str, &str); 5] =
        [("L0", "Months (L0)"), ("L1", "Weeks (L1)"), ("L2", "Days (L2)"), ("L3", "L3"), ("L4", "L4")];
    let of_step = |wanted: &[Step], about: Option<&str>| -> Vec<Reason> {
        let is_wanted = |line: &&Line| {
            wanted.iter().any(|step| i32::from(*step) == line.step)
                && about.is_none_or(|about| line.about == Some(about))
        };
        let mut before = None;
        let mut reason = |line: &Line| Reason {
            step: if before.replace(line.step) == Some(line.step) { "" } else { name_of(line.step) },
            about: line.about.unwrap_or_default(),
            what: line.what.clone(),
            value: line.value.clone(),
            detail: line.detail.clone(),
        };
        lines.iter().filter(is_wanted).map(&mut reason).collect()
    };
    let layers =
        LAYERS.iter().map(|(layer, title)| (*title, of_step(&[Step::Labels, Step::Hysteresis], Some(layer))));
    Reasons {
        layers: layers.filter(|(_, reasons)| !reasons.is_empty()).collect(),
        policy: of_step(&[Step::Key, Step::Policy, Step::Proxy, Step::Result], None),
        budget: of_step(&[Step::Budget], None),
    }
}

/// The name of a step.
fn name_of(step: i32) -> &'static str {
    let named = [
        (Step::Key, "Key"),
        (Step::Policy, "Policy"),
        (Step::Proxy, "Market proxy"),
        (Step::Result, "Result"),
    ];
    named.into_iter().find(|(of, _)| i32::from(*of) == step).map_or("", |(_, name)| name)
}

/// A moment, to the minute.
fn minute(at: i64) -> String {
    let text = utc(at);
    text.get(..16).map_or(text.clone(), |minute| format!("{minute} UTC"))
}

/// The policy of the newest row.
fn figures(facts: &Facts) -> Vec<[String; 2]> {
    let row = &facts.stored.row;
    let number =
        |value: Option<f64>| value.map_or_else(|| "\u{2013}".to_owned(), |value| rounded(value, 4, &[]));
    let yes =
        |value: Option<bool>| value.map_or("\u{2013}", |value| if value { "yes" } else { "no" }).to_owned();
    let setups = row.setups.as_ref().map_or_else(|| "any".to_owned(), |setups| setups.join(", "));
    vec![
        ["Size".to_owned(), number(row.size_mult)],
        ["Stop".to_owned(), number(row.stop_mult)],
        ["Gross cap".to_owned(), number(row.gross_cap)],
        ["Orders".to_owned(), row.orders.as_deref().unwrap_or("\u{2013}").to_owned()],
        ["Pyramids".to_owned(), yes(row.pyramids)],
        ["Setups".to_owned(), setups],
    ]
}

/// What holds, in words.
fn sentences(facts: &Facts) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(last) = facts.periods.last() {
        let rows = last.bars.unwrap_or_default();
        let lasting = durations(&facts.periods).into_iter().find(|lasting| lasting.regime == last.regime);
        let beside = lasting.and_then(|lasting| {
            let percentile = lasting.current_percentile()?;
            let ended = lasting.runs.len();
            Some(format!(
                ", at least as many as {:.0} % of its {ended} ended {} had",
                percentile * 100.0,
                plural(ended as u64, "run")
            ))
        });
        said.push(format!(
            "{} holds since {}, for {rows} {}{}.",
            last.regime,
            date(last.from),
            plural(rows.into(), "row"),
            beside.unwrap_or_default()
        ));
        if let Some(earned) = since(facts, last.from) {
            said.push(format!("The close has changed by {} since.", percent(earned, 1)));
        }
    }
    let labels =
        ["L0, months", "L1, weeks", "L2, days", "L3", "L4"].into_iter().zip(&facts.stored.row.labels);
    let labels: Vec<String> =
        labels.filter_map(|(layer, label)| Some(format!("{} ({layer})", label.as_deref()?))).collect();
    if !labels.is_empty() {
        said.push(format!("Labels in force: {}.", labels.join(", ")));
    }
    said.extend(facts.waiting.iter().map(|waiting| format!("Hysteresis holds back: {waiting}.")));
    said
}

/// The simple return from the close of a row to that of the newest row of the span.
fn since(facts: &Facts, from: i64) -> Option<f64> {
    let row = facts.history.ts.binary_search(&from).ok()?;
    let close = &facts.picture.close;
    simple_return(close[row], *close.last()?)
}

fn earned(tested: &Tested) -> Earned {
    let Tested { start, ts, bars, summary, per_year } = tested;
    let with_start = |first: f64, of: fn(&Bar) -> [f64; 2], which: usize| {
        std::iter::once(first).chain(bars.iter().map(|bar| of(bar)[which])).collect::<Vec<f64>>()
    };
    let moments: Vec<i64> = std::iter::once(*start).chain(ts.iter().copied()).collect();
    let line = |name, values, shade| Drawn { name, values, shade };
    let looks = [("by the sizes", Shade(UP, 1.0)), ("held whole", Shade(INK, 0.45))];
    let equity = Lines {
        title: "What 1 has become (log scale)",
        ts: moments.clone(),
        lines: looks
            .iter()
            .enumerate()
            .rev()
            .map(|(which, (name, shade))| line(*name, with_start(1.0, |bar| bar.equity, which), *shade))
            .collect(),
        log: true,
        unit: "",
    };
    let below = |which| with_start(0.0, |bar| bar.drawdown.map(|fall| -100.0 * fall), which);
    let drawdowns = Lines {
        title: "Below the height so far",
        ts: moments,
        lines: vec![line(looks[1].0, below(1), looks[1].1), line(looks[0].0, below(0), Shade(DOWN, 1.0))],
        log: false,
        unit: " %",
    };
    let [sized, whole] = &summary.performance;
    let both = |name: &str, of: &dyn Fn(&Performance) -> String| [name.to_owned(), of(sized), of(whole)];
    let ratio = |value: f64| if value.is_finite() { decimal(value, 2) } else { String::new() };
    let share = |value: f64| if value.is_finite() { percent(value, 1) } else { String::new() };
    let unsigned = |value: f64| share(value).trim_start_matches('+').to_owned();
    Earned {
        equity: Picture(LINES.map(|pixels| equity.svg(pixels))),
        drawdowns: Picture(DRAWDOWNS.map(|pixels| drawdowns.svg(pixels))),
        figures: vec![
            both("Yearly return", &|of| share(of.yearly_return(*per_year))),
            both("Volatility", &|of| unsigned(of.volatility)),
            both("Sharpe", &|of| ratio(of.sharpe)),
            both("Largest drawdown", &|of| unsigned(of.max_drawdown)),
            ["Time in the market".to_owned(), unsigned(summary.time_in_market), unsigned(1.0)],
            ["Mean size".to_owned(), ratio(summary.mean_size), ratio(1.0)],
            ["Turnover a year".to_owned(), ratio(summary.turnover), String::new()],
        ],
        note: format!(
            "The position over a bar has the size of the row before. No costs; {per_year} bars a year; what is not in the asset earns nothing."
        ),
    }
}

/// The changes of regime in the year before the newest row of the span, the newest first.
fn flips(facts: &Facts) -> Vec<Flip> {
    let newest = facts.history.ts.last().copied().unwrap_or_default();
    let first = newest.saturating_sub(366 * MICROS_PER_DAY);
    let changes = facts.periods.windows(2).filter(|pair| pair[1].from > first);
    let flip = |pair: &[Period<Rc<str>>]| Flip {
        day: date(pair[1].from),
        from: pair[0].regime.to_string(),
        to: pair[1].regime.to_string(),
        trend: trend(&pair[1].regime),
        lasted: pair[0].bars.map_or(String::new(), |bars| bars.to_string()),
        since: since(facts, pair[1].from).map_or(String::new(), |earned| percent(earned, 1)),
    };
    changes.rev().map(flip).collect()
}

/// How fresh the data is, and what the rows were made with.
fn data(facts: &Facts) -> Vec<[String; 2]> {
    let mut all: Vec<[String; 2]> = Vec::new();
    let mut add = |name: &str, value: String| all.push([name.to_owned(), value]);
    let moment = |at: Option<i64>| at.map_or_else(|| "none".to_owned(), utc);
    match &facts.fresh {
        Ok(fresh) => {
            let (is_stale, because) = fresh.stale_because();
            let state = match (is_stale, because) {
                (Some(false), _) => "up to date".to_owned(),
                (None, _) => "unknown: bars may have changed without a mark".to_owned(),
                (_, because) => format!("stale: {}", because.map_or("", |because| because.as_str())),
            };
            add("Data", state);
            add("Newest bar", moment(fresh.newest_source));
            add("Newest row", moment(fresh.newest_row));
            add("Last refresh", moment(fresh.last.success));
            if let (true, Some(message)) = (fresh.is_failing(), &fresh.last.message) {
                add("Newest failure", format!("{}: {message}", moment(fresh.last.error)));
            }
        }
        Err(why) => add("Data", format!("not known: {why}")),
    }
    let made = &facts.made;
    add("Policy", made.policy.clone());
    add("Calendar scheme", made.cal_scheme.clone());
    made.profile.iter().for_each(|profile| add("Profile", profile.clone()));
    made.point_in_time.iter().for_each(|is| add("Point in time", if *is { "yes" } else { "no" }.to_owned()));
    let row = &facts.stored.row;
    row.version_hash.iter().for_each(|hash| add("Version", hash.to_string()));
    row.feature_tier.iter().for_each(|tier| add("Tier", tier.to_string()));
    add("pg_regime", env!("CARGO_PKG_VERSION").to_owned());
    all
}
