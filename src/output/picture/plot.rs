//! A rectangle of a picture in which values are drawn over time.

use regime_core::strip::{Cell, dominant};

use crate::output::picture::chart::TEXT;
use crate::output::picture::svg::{Anchor, INK, PAPER, Path, Shade, Sheet, quarter};

/// Where moments and values are, in pixels.
pub struct Plot {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
    /// Moments, in microseconds since 2000.
    pub time: [i64; 2],
    /// Values at the bottom and at the top.
    pub range: [f64; 2],
}

impl Plot {
    /// The place of a moment.
    pub fn x(&self, ts: i64) -> f64 {
        let [from, to] = self.time.map(|ts| ts as f64);
        quarter(self.left + (ts as f64 - from) / (to - from) * (self.right - self.left))
    }

    /// The place of a value.
    pub fn y(&self, value: f64) -> f64 {
        let [low, high] = self.range;
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        quarter(self.bottom - share * (self.bottom - self.top))
    }

    /// A line across the plot at a moment.
    pub fn across(&self, ts: i64) -> [[f64; 2]; 2] {
        [self.bottom, self.top].map(|y| [self.x(ts), y])
    }

    /// The colour of each row's label until the next row, or of most rows where they are narrower than the columns
    /// of a quarter of a pixel.
    pub fn draw_bands(
        &self,
        sheet: &mut Sheet,
        ts: &[i64],
        labels: &[Option<Cell>],
        shade: impl Fn(Cell) -> Option<Shade>,
    ) {
        let columns = ((self.right - self.left) * 4.0) as i64;
        let [from, to] = self.time.map(i128::from);
        let at = |column: i64| (from + (to - from) * i128::from(column) / i128::from(columns)) as i64;
        let mut draw = |from: i64, to: i64, cell: Option<Cell>| {
            if let Some(shade) = cell.and_then(&shade) {
                sheet.rectangle([self.x(from), self.top], [self.x(to), self.bottom], shade);
            }
        };
        let mut begin = (at(0), None);
        let mut row = 0;
        for column in 0..columns {
            // The row in force at the beginning of the column, and those that follow within the column.
            while row + 1 < ts.len() && ts[row + 1] <= at(column) {
                row += 1;
            }
            let more = ts[row + 1..].partition_point(|ts| *ts < at(column + 1));
            let cell = dominant(&labels[row..=row + more]);
            if cell != begin.1 {
                draw(begin.0, at(column), begin.1);
                begin = (at(column), cell);
            }
        }
        draw(begin.0, at(columns), begin.1);
    }

    /// A line at a value, and its text on the axis.
    pub fn draw_mark(&self, sheet: &mut Sheet, value: f64, text: &str, shade: Shade) {
        let y = self.y(value);
        sheet.line(&[[self.left, y], [self.right, y]], shade, 0.75);
        if !text.is_empty() {
            sheet.text(text, [self.right + 6.0, y], TEXT, Anchor::Start);
        }
    }

    /// The axes.
    pub fn draw_frame(&self, sheet: &mut Sheet) {
        let Self { left, right, top, bottom, .. } = *self;
        sheet.line(&[[left, bottom], [right, bottom], [right, top]], Shade(INK, 0.5), 1.0);
    }

    /// The line of values, broken where a value is unknown, over a seam that parts the line from the bands.
    pub fn draw_line(
        &self,
        sheet: &mut Sheet,
        ts: &[i64],
        values: impl Iterator<Item = f64>,
        shade: Shade,
        width: f64,
    ) {
        let lines = self.paths(ts, values, quarter);
        for (shade, width) in [(Shade(PAPER, 0.6), width + 2.25), (shade, width)] {
            lines.iter().for_each(|line| sheet.path(line, shade, width));
        }
    }

    /// The line of values on the paper, broken where a value is unknown; no finer than a pixel.
    pub fn draw_thin_line(
        &self,
        sheet: &mut Sheet,
        ts: &[i64],
        values: impl Iterator<Item = f64>,
        shade: Shade,
        width: f64,
    ) {
        self.paths(ts, values, f64::round).iter().for_each(|line| sheet.path(line, shade, width));
    }

    /// The paths of a line that is broken where a value is unknown; `column` gives the places across that are told apart.
    fn paths(&self, ts: &[i64], values: impl Iterator<Item = f64>, column: fn(f64) -> f64) -> Vec<Path> {
        let place = |(ts, value): (&i64, f64)| [column(self.x(*ts)), self.y(value)];
        let points: Vec<[f64; 2]> = ts.iter().zip(values).map(place).collect();
        let path = |line: &[[f64; 2]]| match line {
            // A lone value is a dot.
            [[x, y]] => Path::new(&[[x - 0.5, *y], [x + 0.5, *y]]),
            line => Path::new(&thinned(line)),
        };
        points.split(|[_, y]| !y.is_finite()).filter(|line| !line.is_empty()).map(path).collect()
    }
}

/// The first, lowest, highest and last point of each column: what a line through all of them shows.
fn thinned(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut kept = Vec::new();
    for column in points.chunk_by(|[a, _], [b, _]| a == b) {
        let y = |row: &usize| column[*row][1];
        let rows = 0..column.len();
        let highest = rows.clone().min_by(|a, b| y(a).total_cmp(&y(b))).unwrap_or(0);
        let lowest = rows.max_by(|a, b| y(a).total_cmp(&y(b))).unwrap_or(0);
        let mut rows = vec![0, lowest, highest, column.len() - 1];
        rows.sort_unstable();
        rows.dedup();
        kept.extend(rows.into_iter().map(|row| column[row]));
    }
    kept
}
