//! Complaints about the bars and EMAs of one asset: of each layer, and of weeks and months against days.

use regime_core::calendar::civil::MICROS_PER_DAY;
use regime_core::calendar::stamps::{
    Agreement, Midnight, agreement, is_midnight, midnight, on_first_day, same_day,
};
use regime_core::calendar::steps::{Habit, gaps};
use regime_core::calendar::{Calendar, Span};
use regime_core::{Layer, PerLayer};

use crate::output::complaint::{Tally, told_length};
use crate::output::finding::Severity;
use crate::pg::{Result, quote_literal, utc};
use crate::systems::cmc_regimes::check::Complaint;
use crate::systems::cmc_regimes::check::raw::{Raw, RawBar, RawReader};

/// The asset that complaints are about, and what their statements name.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    pub asset: i32,
    pub cal_scheme: &'a str,
    /// The quoted schema of the extension.
    pub schema: &'a str,
    /// The current time, in microseconds since 2000.
    pub now: i64,
}

/// The bars and EMAs of a layer.
pub struct Checked<'a> {
    reader: &'a RawReader<'a>,
    pub raw: Raw,
    /// Times of the bars that have one, in microseconds since 2000, ascending.
    pub ts: Vec<i64>,
    /// The same in the zone of the daily bars.
    local: Vec<i64>,
    /// Closes of these bars, NaN where a close cannot be used.
    close: Vec<f64>,
}

/// Each layer that has a source that can be read.
pub type Layers<'a> = PerLayer<Option<Checked<'a>>>;

/// All complaints about an asset's bars and EMAs, layer by layer.
pub fn complaints_of(layers: &Layers, subject: Subject) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for checked in layers.iter().flatten() {
        let layer = OfLayer { checked, subject };
        complaints.extend(layer.bars());
        complaints.extend(layer.emas());
        complaints.extend(layer.times());
        complaints.extend(match (checked.reader.layer(), &layers[Layer::L2]) {
            (Layer::L2, _) => layer.daily(),
            (Layer::L0 | Layer::L1, Some(daily)) => layer.against_daily(daily),
            _ => Vec::new(),
        });
    }
    complaints
}

impl<'a> Checked<'a> {
    /// The bars and EMAs that a reader gave.
    ///
    /// # Errors
    /// A time that is out of range.
    pub fn new(reader: &'a RawReader<'a>, raw: Raw) -> Result<Self> {
        let timed = || raw.bars.iter().filter(|bar| is_timed(bar));
        let price = |bar: &RawBar| bar.close.filter(|c| *c > 0.0 && c.is_finite()).unwrap_or(f64::NAN);
        let ts: Vec<i64> = timed().map(|bar| bar.ts).collect();
        let local = reader.on_days(&ts)?;
        Ok(Self { reader, ts, local, close: timed().map(price).collect(), raw })
    }

    /// For each period, the bars that could have an EMA, and whether they have.
    fn expected(&self) -> impl Iterator<Item = (u32, &[RawBar], &[bool])> {
        let periods = self.reader.source.params.periods;
        periods.into_iter().zip(&self.raw.known).map(|(period, known)| {
            let from = (period as usize).saturating_sub(1).min(known.len());
            (period, &self.raw.bars[from..], &known[from..])
        })
    }

    /// The time of the first bar without an EMA that enough bars come before, in microseconds since 2000.
    pub fn bars_without_ema(&self) -> Option<i64> {
        let lacking = |(_, bars, known): (_, &[RawBar], &[bool])| {
            known.iter().position(|known| !known).map(|at| bars[at].ts)
        };
        self.expected().filter_map(lacking).min()
    }
}

fn is_timed(bar: &RawBar) -> bool {
    bar.ts != i64::MIN && bar.ts != i64::MAX
}

struct OfLayer<'a> {
    checked: &'a Checked<'a>,
    subject: Subject<'a>,
}

impl OfLayer<'_> {
    /// A complaint about a fault, unless the tally is 0.
    fn complain(
        &self,
        severity: Severity,
        kind: impl Into<String>,
        tally: Tally,
        command: String,
    ) -> Option<Complaint> {
        (tally.n > 0).then(|| Complaint {
            who: Some(self.subject.asset),
            place: Some(self.checked.reader.layer().as_str()),
            n: Some(tally.n),
            first: tally.first.filter(|ts| *ts != i64::MIN && *ts != i64::MAX),
            ..Complaint::of_all(severity, kind).typed(command)
        })
    }

    /// The statement that shows the asset's bars that meet a condition.
    fn show(&self, condition: &str) -> String {
        let source = &self.checked.reader.source;
        let own = source.bars.condition_of(self.subject.asset, source.tf.as_deref());
        format!("SELECT * FROM {} WHERE {own} AND {condition};", source.bars.sql)
    }

    fn show_from(&self, first: Option<i64>) -> String {
        let from = first.map_or_else(|| "-infinity".to_owned(), utc);
        self.show(&format!("{} >= '{from}' ORDER BY {0} LIMIT 5", self.time()))
    }

    /// The expression of a bar's time.
    fn time(&self) -> &str {
        &self.checked.reader.source.bars.columns[0]
    }

    fn edit(&self, assignment: &str) -> String {
        format!(
            "UPDATE {}.regime_source SET {assignment} WHERE cal_scheme = {} AND layer = '{}';",
            self.subject.schema,
            quote_literal(self.subject.cal_scheme),
            self.checked.reader.layer().as_str()
        )
    }

    /// The moments that are not in the future; all are ascending.
    fn past<'t>(&self, ts: &'t [i64]) -> &'t [i64] {
        &ts[..ts.partition_point(|ts| *ts <= self.subject.now)]
    }

    fn tally(&self, is_bad: impl Fn(&RawBar) -> bool) -> Tally {
        Tally::of(self.checked.raw.bars.iter().filter(|bar| is_bad(bar)).map(|bar| bar.ts))
    }

    /// Bars that cannot be used, and prices that contradict each other.
    fn bars(&self) -> Vec<Complaint> {
        let bars = &self.checked.raw.bars;
        let close = &self.checked.reader.source.bars.columns[1];
        let time = self.time();
        let price = |problem: &str, is_bad: fn(f64) -> bool, condition: &str| {
            let tally = self.tally(|bar| bar.close.is_some_and(is_bad));
            let command = self.show(&format!("{close} {condition}"));
            self.complain(Severity::Error, format!("close is {problem}"), tally, command)
        };
        let missing = self.tally(|bar| bar.close.is_none());
        let untimed = self.tally(|bar| !is_timed(bar));
        let show_untimed = self.show(&format!("isfinite({time}) IS NOT TRUE"));
        let pairs = bars.windows(2).filter(|pair| pair[0].ts == pair[1].ts && is_timed(&pair[1]));
        let repeated = Tally::of(pairs.map(|pair| pair[1].ts));
        let source = &self.checked.reader.source;
        let show_repeated = format!(
            "SELECT {time}, count(*) FROM {} WHERE {} GROUP BY 1 HAVING count(*) > 1;",
            source.bars.sql,
            source.bars.condition_of(self.subject.asset, source.tf.as_deref())
        );
        // A close that is the high or the low can be beyond it by rounding.
        let above = |a: f64, b: f64| a - b > 1e-9 * a.abs();
        let upside_down = self.tally(|bar| above(bar.range[0], bar.range[1]));
        let outside = |bar: &RawBar| {
            let [low, high] = bar.range;
            let close = bar.close.unwrap_or(f64::NAN);
            !above(low, high) && (above(low, close) || above(close, high))
        };
        let is_of_range = self.checked.reader.is_close_of_range;
        let outside = if is_of_range { self.tally(outside) } else { Tally::default() };
        let unknown = self.checked.raw.unknown.iter().map(|(field, tally)| {
            let problem = format!("{field} is unknown where it was known before");
            self.complain(Severity::Warning, problem, *tally, self.show_from(tally.first))
        });
        [
            self.complain(Severity::Error, "timestamp is NULL or infinite", untimed, show_untimed),
            self.complain(Severity::Error, "close is NULL", missing, self.show(&format!("{close} IS NULL"))),
            price("NaN", f64::is_nan, "= 'NaN'"),
            price("infinite", f64::is_infinite, "IN ('Infinity', '-Infinity')"),
            price("not positive", |close| close.is_finite() && close <= 0.0, "<= 0"),
            self.complain(Severity::Error, "timestamp of another bar", repeated, show_repeated),
            self.complain(Severity::Warning, "high is below low", upside_down, self.show("high < low")),
            self.complain(
                Severity::Warning,
                "close is not between low and high",
                outside,
                self.show(&format!("low <= high AND ({close} < low OR {close} > high)")),
            ),
        ]
        .into_iter()
        .chain(unknown)
        .flatten()
        .collect()
    }

    /// EMAs that are missing, late, too many, or at other times than the bars.
    fn emas(&self) -> Vec<Complaint> {
        let source = &self.checked.reader.source;
        let ema = &source.ema;
        let own = ema.condition_of(self.subject.asset, source.tf.as_deref());
        let [time, period, _] = self.ema_columns();
        let show_twice = format!(
            "SELECT {time}, {period}, count(*) FROM {} WHERE {own} GROUP BY 1, 2 HAVING count(*) > 1;",
            ema.sql
        );
        let strangers = self.checked.raw.strangers;
        let near = strangers.first.map_or_else(String::new, |first| {
            let from = format!("{time} >= '{}' AND {own}", utc(first));
            format!("SELECT * FROM {} WHERE {from} ORDER BY {time} LIMIT 5;", ema.sql)
        });
        let twice = "EMA beside another of the same bar and period";
        let complaints = [
            self.complain(Severity::Error, twice, self.checked.raw.twice, show_twice),
            self.complain(Severity::Warning, "EMA at a time that no bar has", strangers, near),
        ];
        let missing = self.missing_emas().into_iter().map(|missing| {
            let periods = missing.periods.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
            let show = self.show_missing(missing.periods[0], missing.tally.first);
            let complaint = self.complain(Severity::Warning, missing.problem, missing.tally, show);
            complaint.map(|found| Complaint { varying: format!(" of period {periods}"), ..found })
        });
        complaints.into_iter().chain(missing).flatten().collect()
    }

    /// The expressions of an EMA's time, period and value.
    fn ema_columns(&self) -> [&str; 3] {
        let columns = &self.checked.reader.source.ema.columns;
        std::array::from_fn(|column| columns.get(column).map_or("", String::as_str))
    }

    /// The bars without EMA; periods that lack the EMAs of the same bars are one element.
    fn missing_emas(&self) -> Vec<MissingEmas> {
        let mut all: Vec<MissingEmas> = Vec::new();
        for (period, bars, known) in self.checked.expected() {
            let newest = known.iter().rposition(|known| *known);
            let until = newest.map_or(known.len(), |newest| newest + 1);
            let unknown =
                |from: usize, to: usize| Tally::of((from..to).filter(|at| !known[*at]).map(|at| bars[at].ts));
            let within = if newest.is_none() { "no EMA at all" } else { "bar without EMA" };
            let after = unknown(until, known.len());
            for (problem, tally) in [(within, unknown(0, until)), ("newest bar without EMA", after)] {
                match all.iter_mut().find(|other| other.problem == problem && other.tally == tally) {
                    Some(alike) => alike.periods.push(period),
                    None => all.push(MissingEmas { problem, periods: vec![period], tally }),
                }
            }
        }
        all
    }

    /// The statement that shows the bars without an EMA of a period.
    fn show_missing(&self, period: u32, first: Option<i64>) -> String {
        let source = &self.checked.reader.source;
        let [bars, emas] = [&source.bars, &source.ema]
            .map(|relation| (&relation.sql, relation.condition_of(self.subject.asset, source.tf.as_deref())));
        let [time, ema_period, value] = self.ema_columns();
        format!(
            "SELECT {bar} FROM {} WHERE {} AND {bar} >= '{}' EXCEPT SELECT {time} FROM {} WHERE {} \
             AND {ema_period} = {period} AND {value} < 'Infinity' AND {value} > '-Infinity' ORDER BY 1;",
            bars.0,
            bars.1,
            first.map_or_else(|| "-infinity".to_owned(), utc),
            emas.0,
            emas.1,
            bar = self.time(),
        )
    }

    /// Gaps in time that are not the market's, and times in the future.
    fn times(&self) -> Vec<Complaint> {
        let ts = self.past(&self.checked.ts);
        let found = gaps(ts);
        let longest = found.iter().map(|gap| gap.to.saturating_sub(gap.from)).max().unwrap_or_default();
        let usual = Habit::of(ts).map_or(0, |habit| habit.longest());
        let tally = Tally::of(found.iter().map(|gap| gap.from));
        let gap = self.complain(Severity::Warning, "gap after bar", tally, self.show_from(tally.first));
        let varying = format!(", up to {}, where {} is usual", told_length(longest), told_length(usual));
        let gap = gap.map(|found| Complaint { varying, ..found });
        let future = self.tally(|bar| is_timed(bar) && bar.ts > self.subject.now);
        let show_future = self.show(&format!("{} > now()", self.time()));
        let future = self.complain(Severity::Warning, "bar in the future", future, show_future);
        gap.into_iter().chain(future).collect()
    }

    /// Daily bars that may be stamped with their open.
    fn daily(&self) -> Vec<Complaint> {
        let (ts, local) = (&self.checked.ts, &self.checked.local);
        let zone = self.checked.reader.zone();
        let midnights = ts.iter().zip(local).filter(|(_, local)| is_midnight(**local));
        let at_midnight = Tally::of(midnights.map(|(ts, _)| *ts));
        let stamped = match midnight(local) {
            Midnight::Close => None,
            Midnight::Open => Some(format!(
                "stamped at midnight {zone}, Monday to Friday: probably its open, so that rows see a day ahead"
            )),
            Midnight::Either => {
                Some(format!("stamped at midnight {zone}: if that is its open, rows see a day ahead"))
            }
            Midnight::Few => Some(format!("stamped at midnight {zone}, unlike the others")),
        };
        let shift = format!("If so: {}", self.edit("bars_shift = '1 day - 1 millisecond'"));
        let (n, first) = same_day(local);
        let first = first.and_then(|first| local.iter().position(|local| *local == first)).map(|at| ts[at]);
        let twice = Tally { n: n as i64, first };
        [
            stamped.and_then(|problem| {
                let show = self.show_from(at_midnight.first);
                Some(self.complain(Severity::Warning, problem, at_midnight, show)?.advised(shift))
            }),
            self.complain(
                Severity::Warning,
                format!("on the {zone} date of the bar before"),
                twice,
                self.show_from(first.map(start_of_day)),
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Weeks or months that do not fit the days.
    fn against_daily(&self, daily: &Checked) -> Vec<Complaint> {
        let Some(newest) = self.past(&daily.ts).last().copied() else { return Vec::new() };
        let (kind, span) = match self.checked.reader.layer() {
            Layer::L0 => ("month", Span::Month),
            _ => ("week", Span::Week),
        };
        let fit = Fit::of(self.checked, daily, newest, (span, calendar(self.subject.cal_scheme)));
        let warn = |kind: String, tally: Tally, advice: &str| {
            let show = self.show_from(tally.first);
            Some(self.complain(Severity::Warning, kind, tally, show)?.advised(advice))
        };
        let map = self.edit("bars_table = '…'");
        let restamp = format!("Stamp bars with their close, in the table or in a view: {map}");
        let load = format!(
            "Load {} up to the daily bars; if it is built from them: SELECT * FROM {}.regime_build_inputs(cal_scheme => {}, target_schema => {});",
            self.checked.reader.source.bars.sql,
            self.subject.schema,
            quote_literal(self.subject.cal_scheme),
            quote_literal(&self.checked.reader.source.bars_schema)
        );
        let later =
            format!("{kind} with the close of a later day: stamped before its close, so that rows see ahead");
        let leave_out =
            "Leave it out until it has closed, by a view or a column in bars_filter of regime_source.";
        let behind = format!("newest {kind} ends more than two {kind}s before the newest daily bar");
        let other = format!("{kind} whose close is not that of its last day");
        let varying =
            |found: Option<Complaint>, varying: String| found.map(|found| Complaint { varying, ..found });
        [
            warn(later, fit.later, &restamp),
            warn(format!("stamped with the first day of its {kind}"), fit.first_day, &restamp),
            varying(
                warn(format!("{kind} after the newest daily bar"), fit.open, leave_out),
                format!(", {}: still open", utc(newest)),
            ),
            warn(behind, fit.behind, &load),
            varying(
                warn(format!("no {kind} at all"), fit.none, &load),
                format!(" beside {} daily bars", daily.ts.len()),
            ),
            self.complain(Severity::Info, other, fit.other, self.show_from(fit.other.first)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// Bars without an EMA of some periods.
struct MissingEmas {
    problem: &'static str,
    /// At least one.
    periods: Vec<u32>,
    tally: Tally,
}

/// How weeks or months fit the days; each tally is of weeks or months.
struct Fit {
    /// Those with the close of a later day.
    later: Tally,
    /// Those stamped with their first day.
    first_day: Tally,
    /// Those with a close other than that of their last day.
    other: Tally,
    /// Those after the newest day.
    open: Tally,
    /// The last, where it ends long before the newest day.
    behind: Tally,
    /// One, where there are many days and no week or month.
    none: Tally,
}

impl Fit {
    /// Compares bars with days, of which `newest` is the last that has closed, in microseconds since 2000. The
    /// calendar is `None` where the first days of spans are unknown.
    fn of(
        checked: &Checked,
        daily: &Checked,
        newest: i64,
        (span, calendar): (Span, Option<Calendar>),
    ) -> Self {
        let agreed = agreement(&checked.ts, &checked.close, &daily.ts, &daily.close);
        let of = |wanted: &dyn Fn(i64, Agreement) -> bool| {
            let bars = checked.ts.iter().copied().zip(agreed.iter().copied());
            Tally::of(bars.filter(|(ts, agreed)| wanted(*ts, *agreed)).map(|(ts, _)| ts))
        };
        let on_first = |ts| calendar.is_some_and(|calendar| on_first_day(ts, span, calendar));
        let is_first = |ts: i64| checked.ts.binary_search(&ts).is_ok_and(|at| on_first(checked.local[at]));
        let median = Habit::of(&checked.ts).map(|habit| habit.median());
        let last = checked.ts.last().copied().zip(median);
        let behind = last.filter(|(last, median)| newest.saturating_sub(*last) / 2 > *median);
        Self {
            later: of(&|_, agreed| agreed == Agreement::Later),
            first_day: of(&|ts, agreed| agreed != Agreement::Later && is_first(ts)),
            other: of(&|ts, agreed| agreed == Agreement::Other && ts <= newest),
            open: of(&|ts, _| ts > newest),
            behind: Tally::of(behind.map(|(last, _)| last)),
            none: Tally { n: i64::from(checked.raw.bars.is_empty() && daily.ts.len() >= 60), first: None },
        }
    }
}

/// The calendar of a scheme; `None` for a scheme of the user's own.
fn calendar(cal_scheme: &str) -> Option<Calendar> {
    match cal_scheme {
        "iso" => Some(Calendar::Iso),
        "us" => Some(Calendar::Us),
        _ => None,
    }
}

fn start_of_day(ts: i64) -> i64 {
    ts - ts.rem_euclid(MICROS_PER_DAY)
}
