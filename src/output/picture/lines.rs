//! Lines over time as SVG, such as the equity of several positions. The same values give the same bytes.

use regime_core::calendar::civil::MICROS_PER_DAY;
use regime_core::calendar::ticks;

use crate::output::picture::axis::draw_times;
use crate::output::picture::chart::{TEXT, width};
use crate::output::picture::plot::Plot;
use crate::output::picture::svg::{Anchor, INK, Shade, Sheet, quarter};

/// A line: a name, a value at each moment, NaN where unknown, and its look.
pub struct Line {
    pub name: &'static str,
    pub values: Vec<f64>,
    pub shade: Shade,
}

/// Lines on one axis of values.
pub struct Lines {
    pub title: &'static str,
    /// Microseconds since 2000, ascending; at least two.
    pub ts: Vec<i64>,
    pub lines: Vec<Line>,
    /// Whether the axis of values is logarithmic; the values are then above 0.
    pub log: bool,
    /// What follows the numbers of the axis, such as ` %`.
    pub unit: &'static str,
}

impl Lines {
    /// The lines as SVG, one line of text; `pixels` are width and height.
    pub fn svg(&self, pixels: [u32; 2]) -> String {
        let [width_of_all, height] = pixels.map(f64::from);
        let mut sheet = Sheet::new(pixels, self.title);
        let range = self.range();
        let title = Title::of(self, width_of_all);
        let (top, bottom) = (title.height, height - TEXT - 16.0);
        let [low, high] = range.map(|value| if self.log { value.exp() } else { value });
        let marks = ticks::prices(low, high, self.log, (2.2 * TEXT / (bottom - top).max(1.0)).min(1.0));
        let texts: Vec<String> = marks.iter().map(|mark| format!("{}{}", mark.text, self.unit)).collect();
        let widest = texts.iter().map(|text| width(text)).fold(0.0, f64::max);
        let [left, right] = [8.0, width_of_all - 12.0 - widest].map(quarter);
        let time = self.ts.first().zip(self.ts.last()).map_or([0, 1], |(first, last)| [*first, *last]);
        let plot =
            Plot { left, right: right.max(left + 1.0), top, bottom: bottom.max(top + 1.0), time, range };
        for (mark, text) in marks.iter().zip(&texts) {
            plot.draw_mark(&mut sheet, self.scaled(mark.at), text, Shade(INK, 0.18));
        }
        let room = |letters: usize| width(&"0".repeat(letters + 2)) / (right - left).max(1.0);
        let span = time[1].saturating_sub(time[0]);
        let within_days = span / (self.ts.len() as i64 - 1).max(1) < MICROS_PER_DAY;
        let times = ticks::times(time[0], time[1], within_days, room);
        draw_times(&mut sheet, &times, &[&plot], width_of_all);
        plot.draw_frame(&mut sheet);
        for line in &self.lines {
            let values = line.values.iter().map(|value| self.scaled(*value));
            plot.draw_thin_line(&mut sheet, &self.ts, values, line.shade, 1.25);
        }
        title.draw(&mut sheet, self);
        sheet.into_svg()
    }

    /// The lowest and the highest value, or their logarithms, with some room around them.
    fn range(&self) -> [f64; 2] {
        let values = self.lines.iter().flat_map(|line| &line.values).map(|value| self.scaled(*value));
        let known = values.filter(|value| value.is_finite());
        let (low, high) =
            known.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        let room = if high > low { 0.05 * (high - low) } else { 0.1 };
        if low > high { [0.0, 1.0] } else { [low - room, high + room] }
    }

    /// A value as it is placed on its axis.
    fn scaled(&self, value: f64) -> f64 {
        if self.log { value.ln() } else { value }
    }
}

/// The title, and what the lines are: beside it, or below it where there is no room.
struct Title {
    /// Where the names of the lines begin.
    names: [f64; 2],
    height: f64,
}

impl Title {
    const SIZE: f64 = 13.0;
    const LEFT: f64 = 8.0;
    const Y: f64 = 14.0;
    /// The length of a line beside its name, and the distance of names, in pixels.
    const SAMPLE: f64 = 23.0;
    const GAP: f64 = 14.0;

    fn of(lines: &Lines, width_of_all: f64) -> Self {
        let beside = Self::LEFT + 0.6 * Self::SIZE * lines.title.chars().count() as f64 + 16.0;
        let names: f64 = lines.lines.iter().map(|line| Self::SAMPLE + width(line.name) + Self::GAP).sum();
        match beside + names <= width_of_all {
            true => Self { names: [beside, Self::Y], height: 34.0 },
            false => Self { names: [Self::LEFT, Self::Y + 19.0], height: 52.0 },
        }
    }

    fn draw(&self, sheet: &mut Sheet, lines: &Lines) {
        sheet.text(lines.title, [Self::LEFT, Self::Y], Self::SIZE, Anchor::Start);
        let [mut x, y] = self.names;
        for line in &lines.lines {
            sheet.line(&[[x, y], [x + 18.0, y]], line.shade, 2.0);
            sheet.text(line.name, [x + Self::SAMPLE, y], TEXT, Anchor::Start);
            x += Self::SAMPLE + width(line.name) + Self::GAP;
        }
    }
}
