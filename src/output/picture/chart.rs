//! A history as SVG: closes over bands of labels. The same rows give the same bytes.

use regime_core::calendar::civil::{MICROS_PER_DAY, date};
use regime_core::calendar::ticks::{self, Tick};

use crate::output::picture::axis::draw_times;
use crate::output::picture::legend::Legend;
use crate::output::picture::plot::Plot;
use crate::output::picture::svg::{Anchor, INK, Shade, Sheet, one_line, quarter};
use crate::output::picture::{Gauge, History};
use crate::pg::{Result, check_range};

/// Height of the letters of axes and legend, in pixels.
pub const TEXT: f64 = 12.0;
/// The part of the height of all plots that a gauge takes, and the distance from the plot above, in pixels.
const GAUGE: f64 = 0.25;
const GAP: f64 = 10.0;

/// About the width of a text in letters of axes and legend, in pixels.
pub fn width(text: &str) -> f64 {
    // Capitals are wider, and come in words of their own.
    let letter =
        if text.contains(char::is_lowercase) || !text.contains(char::is_uppercase) { 6.8 } else { 8.6 };
    text.chars().count() as f64 * letter
}

/// How a history is drawn.
#[derive(Clone, Copy)]
pub struct Size {
    /// Width and height, in pixels.
    pub pixels: [u32; 2],
    /// Whether the axis of prices is logarithmic.
    pub log: bool,
}

impl Size {
    /// The size that a caller asks for, `None` for the default.
    ///
    /// # Errors
    /// Where the size is out of range.
    pub fn check(width: Option<i32>, height: Option<i32>, log: Option<bool>) -> Result<Self> {
        let width = check_range("width", width, 200, 10_000)?.unwrap_or(1200) as u32;
        let height = check_range("height", height, 200, 10_000)?.unwrap_or(500) as u32;
        Ok(Self { pixels: [width, height], log: log != Some(false) })
    }
}

/// A history, and how it is drawn.
pub struct Chart<'a> {
    pub history: &'a History,
    pub size: Size,
}

/// Where the parts are, and the marks of the axes.
struct Layout {
    legend: Legend,
    closes: Plot,
    gauge: Option<Plot>,
    times: Vec<Tick<i64>>,
    prices: Vec<Tick<f64>>,
}

/// The chart as SVG, one line.
pub fn svg(history: &History, size: Size) -> String {
    let chart = Chart { history, size };
    let mut sheet = Sheet::new(size.pixels, &chart.titles()[0]);
    chart.draw(&mut sheet, &chart.layout());
    sheet.into_svg()
}

impl Chart<'_> {
    /// The whole title, and shorter ones for narrow pictures.
    fn titles(&self) -> [String; 3] {
        let History { ts, what, subject, whose, .. } = self.history;
        let ends = ts.first().zip(ts.last());
        let (first, last) = ends.map(|(first, last)| (date(*first), date(*last))).unwrap_or_default();
        let subject = subject.as_deref().map_or_else(|| whose.replacen('a', "A", 1), one_line);
        [
            format!("{subject}: close and {what}, {first} to {last}"),
            format!("{subject}, {first} to {last}"),
            subject,
        ]
    }

    fn layout(&self) -> Layout {
        let [width_of_all, height] = self.size.pixels.map(f64::from);
        let range = self.price_range();
        let legend = Legend::new(self);
        let top = 30.0 + legend.height();
        let end = height - TEXT - 16.0;
        let bottom = match &self.history.gauge {
            Some(_) => top + ((end - top) * (1.0 - GAUGE) - GAP).max(0.0),
            None => end,
        };
        let [low, high] = range.map(|price| if self.size.log { price.exp() } else { price });
        let prices = ticks::prices(low, high, self.size.log, (2.2 * TEXT / (bottom - top).max(1.0)).min(1.0));
        let levels = self.history.gauge.iter().flat_map(|gauge| gauge.levels).map(|level| level.text);
        let widths = prices.iter().map(|tick| tick.text.as_str()).chain(levels).map(width);
        let (left, right) = (12.0, width_of_all - 16.0 - widths.fold(0.0, f64::max));
        let time = self.time_range();
        let room = |letters: usize| width(&"0".repeat(letters + 2)) / (right - left).max(1.0);
        let times = ticks::times(time[0], time[1], self.step() < MICROS_PER_DAY, room);
        let plot = |top: f64, bottom: f64, range| {
            let [left, right, top, bottom] = [left, right, top, bottom].map(quarter);
            Plot { left, right: right.max(left + 1.0), top, bottom: bottom.max(top + 1.0), time, range }
        };
        let gauge = self.history.gauge.is_some().then(|| plot(bottom + GAP, end, [0.0, 1.0]));
        Layout { legend, closes: plot(top, bottom, range), gauge, times, prices }
    }

    /// The mean distance of two rows, in microseconds.
    fn step(&self) -> i64 {
        let ts = &self.history.ts;
        let span = ts.first().zip(ts.last()).map_or(0, |(first, last)| last.saturating_sub(*first));
        span.checked_div(ts.len() as i64 - 1).unwrap_or(MICROS_PER_DAY).max(1)
    }

    /// From the first row to one row after the last, so that a label of the last row is seen.
    fn time_range(&self) -> [i64; 2] {
        let ts = &self.history.ts;
        let (first, last) = ts.first().zip(ts.last()).map_or((0, 0), |(first, last)| (*first, *last));
        [first, last.saturating_add(self.step())]
    }

    /// The lowest and the highest price, or their logarithms, with some room around them.
    fn price_range(&self) -> [f64; 2] {
        let closes = self.history.close.iter();
        let known = closes.filter(|close| close.is_finite()).map(|close| self.scaled(*close));
        let (low, high) =
            known.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        if low > high {
            return [0.0, 1.0];
        }
        // A price that never moves has a tenth of itself around it.
        let room = if high > low {
            0.05 * (high - low)
        } else if self.size.log {
            0.1
        } else {
            0.1 * high
        };
        [low - room, (high + room).min(f64::MAX)]
    }

    fn draw(&self, sheet: &mut Sheet, layout: &Layout) {
        let History { ts, cells, look, close, .. } = self.history;
        self.draw_title(sheet);
        layout.legend.draw(sheet);
        let plot = &layout.closes;
        plot.draw_bands(sheet, ts, cells, |cell| look.band(Some(cell)).map(|band| band.shade));
        self.draw_changes(sheet, plot);
        self.draw_axes(sheet, layout);
        plot.draw_line(sheet, ts, close.iter().map(|close| self.scaled(*close)), Shade(INK, 1.0), 1.25);
        if let (Some(plot), Some(gauge)) = (&layout.gauge, &self.history.gauge) {
            draw_gauge(sheet, plot, ts, gauge);
        }
    }

    fn draw_title(&self, sheet: &mut Sheet) {
        let room = f64::from(self.size.pixels[0]) - 24.0;
        // Letters of a title are about 0.58 of their size wide.
        let fitting = |title: &String| (room / (0.58 * title.chars().count() as f64)).min(16.0);
        let titles = self.titles();
        let title = titles.iter().find(|title| fitting(title) > 9.0).unwrap_or(&titles[2]);
        sheet.text(title, [12.0, 16.0], fitting(title), Anchor::Start);
    }

    /// Whether changes of the label are drawn: they are so few that bands can be seen between the lines.
    pub fn shows_changes(&self) -> bool {
        self.history.changes.len() * 3 < self.size.pixels[0] as usize
    }

    fn draw_changes(&self, sheet: &mut Sheet, plot: &Plot) {
        let changes = &self.history.changes;
        if !self.shows_changes() {
            return;
        }
        // Fainter where there are many.
        let (opacity, width) =
            if changes.len() * 12 < self.size.pixels[0] as usize { (0.6, 0.75) } else { (0.35, 0.25) };
        let mut last = None;
        for row in changes {
            let line = plot.across(self.history.ts[*row]);
            if last.replace(line[0]) != Some(line[0]) {
                sheet.line(&line, Shade(INK, opacity), width);
            }
        }
    }

    fn draw_axes(&self, sheet: &mut Sheet, layout: &Layout) {
        let faint = Shade(INK, 0.18);
        let plot = &layout.closes;
        for tick in &layout.prices {
            plot.draw_mark(sheet, self.scaled(tick.at), &tick.text, faint);
        }
        let plots: Vec<&Plot> = [Some(plot), layout.gauge.as_ref()].into_iter().flatten().collect();
        draw_times(sheet, &layout.times, &plots, f64::from(self.size.pixels[0]));
        plot.draw_frame(sheet);
    }

    /// A price as it is placed on its axis.
    fn scaled(&self, price: f64) -> f64 {
        if self.size.log { price.ln() } else { price }
    }
}

/// The values of a gauge over bands of the highest level that each reaches.
fn draw_gauge(sheet: &mut Sheet, plot: &Plot, ts: &[i64], Gauge { values, levels, .. }: &Gauge) {
    let reached = |value: &f64| levels.iter().rposition(|level| *value >= level.at);
    let cells: Vec<_> = values.iter().map(|value| Some((reached(value)? as u8, 0))).collect();
    plot.draw_bands(sheet, ts, &cells, |(level, _)| Some(levels.get(usize::from(level))?.shade));
    let mut above = f64::NEG_INFINITY;
    for level in levels.iter().rev() {
        // A text that would touch that of the level above is left out.
        let y = plot.y(level.at);
        let text = if y - above < TEXT { "" } else { level.text };
        above = if text.is_empty() { above } else { y };
        plot.draw_mark(sheet, level.at, text, Shade(INK, 0.5));
    }
    plot.draw_frame(sheet);
    plot.draw_line(sheet, ts, values.iter().copied(), Shade(INK, 0.8), 0.75);
}
