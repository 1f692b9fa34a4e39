//! The picture of a history: price over bands of regimes, as SVG. The same rows give the same bytes.

use regime_core::calendar::civil::{MICROS_PER_DAY, date};
use regime_core::calendar::ticks::{self, Tick};
use regime_core::cmc_regimes::flips::flips;
use regime_core::cmc_regimes::label::{Label, Trend, Vol};
use regime_core::cmc_regimes::strip::dominant;

use crate::output::picture::svg::{Anchor, DOWN, INK, PAPER, SIDEWAYS, Shade, Sheet, UP, one_line, quarter};
use crate::pg::{Error, Result, extension_schema, quote_literal, settings, spi};
use crate::systems::cmc_regimes::read::history::History;

use pgrx::prelude::PgSqlErrorCode;

/// Height of the letters of axes and legend, and about the width of the widest, in pixels.
const TEXT: f64 = 12.0;
const LETTER: f64 = 6.8;

/// What is drawn; vectors have one element a row.
pub struct Chart {
    /// The asset as messages name it.
    pub asset: String,
    pub symbol: Option<String>,
    pub layer: &'static str,
    pub history: History,
    pub labels: Vec<Option<Label>>,
    /// NaN where unknown.
    pub close: Vec<f64>,
    /// In pixels.
    pub size: [u32; 2],
    pub log: bool,
}

/// Where the parts are, in pixels, and the ranges of the axes.
struct Layout {
    legend: Legend,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    /// Moments, in microseconds since 2000.
    time: [i64; 2],
    /// Prices, or their logarithms.
    price: [f64; 2],
    times: Vec<Tick<i64>>,
    prices: Vec<Tick<f64>>,
}

/// The parts of the legend, each with the place of its upper left corner below the title.
type Legend = Vec<(Item, [f64; 2])>;

/// A part of the legend.
#[derive(Clone, Copy)]
enum Item {
    Trend(Trend),
    Strength,
    Unknown,
    Flip,
    Close,
}

/// Where moments and prices are, in pixels.
struct Plot {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    /// Moments, in microseconds since 2000.
    time: [i64; 2],
    /// Prices, or their logarithms.
    price: [f64; 2],
}

impl Plot {
    /// The place of a moment.
    fn x(&self, ts: i64) -> f64 {
        let [from, to] = self.time.map(|ts| ts as f64);
        quarter(self.left + (ts as f64 - from) / (to - from) * (self.right - self.left))
    }

    /// The place of a price, or of its logarithm.
    fn y(&self, price: f64) -> f64 {
        let [low, high] = self.price;
        let share = if high > low { (price - low) / (high - low) } else { 0.5 };
        quarter(self.bottom - share * (self.bottom - self.top))
    }

    /// A line across the plot at a moment.
    fn across(&self, ts: i64) -> [[f64; 2]; 2] {
        [self.bottom, self.top].map(|y| [self.x(ts), y])
    }
}

/// The chart as SVG, one line.
///
/// # Errors
/// Where no close is known.
pub fn svg(chart: &Chart) -> Result<String> {
    let layout = chart.layout()?;
    let mut sheet = Sheet::new(chart.size, &chart.titles()[0]);
    chart.draw(&mut sheet, &layout);
    Ok(sheet.into_svg())
}

impl Chart {
    /// The whole title, and shorter ones for narrow pictures.
    fn titles(&self) -> [String; 3] {
        let ends = self.history.ts.first().zip(self.history.ts.last());
        let (first, last) = ends.map(|(first, last)| (date(*first), date(*last))).unwrap_or_default();
        let regime = match self.layer {
            "composite" => "regime".to_owned(),
            layer => format!("{layer} regime"),
        };
        let asset = match &self.symbol {
            Some(symbol) => one_line(symbol),
            None => self.asset.replacen('a', "A", 1),
        };
        [
            format!("{asset}: close and {regime}, {first} to {last}"),
            format!("{asset}, {first} to {last}"),
            asset,
        ]
    }

    fn layout(&self) -> Result<Layout> {
        let [width, height] = self.size.map(f64::from);
        let price = self.price_range()?;
        let legend = self.legend();
        let top = 30.0 + legend.last().map_or(0.0, |(_, [_, y])| *y + TEXT + 6.0);
        let bottom = height - TEXT - 16.0;
        let [low, high] = price.map(|price| if self.log { price.exp() } else { price });
        let prices = ticks::prices(low, high, self.log, (2.2 * TEXT / (bottom - top).max(1.0)).min(1.0));
        let letters = prices.iter().map(|tick| tick.text.len()).max().unwrap_or(0);
        let (left, right) = (12.0, width - 16.0 - letters as f64 * LETTER);
        let time = self.time_range();
        let room = |letters: usize| (letters as f64 + 2.0) * LETTER / (right - left).max(1.0);
        let times = ticks::times(time[0], time[1], room);
        Ok(Layout { legend, left, right, top, bottom, time, price, times, prices })
    }

    /// From the first row to one row after the last, so that a label of the last row is seen.
    fn time_range(&self) -> [i64; 2] {
        let ts = &self.history.ts;
        let (first, last) = ts.first().zip(ts.last()).map_or((0, 0), |(first, last)| (*first, *last));
        let step =
            last.saturating_sub(first).checked_div(ts.len() as i64 - 1).unwrap_or(MICROS_PER_DAY).max(1);
        [first, last.saturating_add(step)]
    }

    /// The lowest and the highest price, or their logarithms, with some room around them.
    fn price_range(&self) -> Result<[f64; 2]> {
        let known = self.close.iter().filter(|close| close.is_finite()).map(|close| self.scaled(*close));
        let (low, high) =
            known.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        if low > high {
            return Err(no_closes(&self.asset)?);
        }
        // A price that never moves has a tenth of itself around it.
        let room = if high > low {
            0.05 * (high - low)
        } else if self.log {
            0.1
        } else {
            0.1 * high
        };
        Ok([low - room, (high + room).min(f64::MAX)])
    }

    /// The items of the legend with their places below the title. Where all would leave too little of
    /// a small picture, the trends alone, or none.
    fn legend(&self) -> Legend {
        let trends = Trend::ALL.iter().copied().map(Item::Trend);
        let mut all = vec![Item::Close, Item::Flip];
        all.extend(trends.clone());
        all.push(Item::Strength);
        if self.labels.contains(&None) {
            all.push(Item::Unknown);
        }
        let [width, height] = self.size.map(f64::from);
        let placed = [all, trends.collect()].map(|items| self.placed(&items, width));
        let fits = |legend: &Legend| legend.last().is_none_or(|(_, [_, y])| *y + TEXT < height / 5.0);
        placed.into_iter().find(fits).unwrap_or_default()
    }

    /// Items one after another, in as many lines as they take.
    fn placed(&self, items: &[Item], width: f64) -> Legend {
        let (mut x, mut y) = (12.0, 0.0);
        let place = |item: &Item| {
            let needs = self.symbol_width(*item) + self.text(*item).len() as f64 * LETTER;
            if x > 12.0 && x + needs > width - 8.0 {
                (x, y) = (12.0, y + TEXT + 6.0);
            }
            let at = [x, y];
            x += needs + 12.0;
            (*item, at)
        };
        items.iter().map(place).collect()
    }

    fn symbol_width(&self, item: Item) -> f64 {
        match item {
            Item::Trend(_) => 44.0,
            Item::Close => 26.0,
            Item::Flip => 10.0,
            Item::Strength | Item::Unknown => 0.0,
        }
    }

    fn text(&self, item: Item) -> String {
        match item {
            Item::Trend(trend) => trend.as_str().to_owned(),
            Item::Strength => "(low, normal, high volatility)".to_owned(),
            Item::Unknown => "blank: no label".to_owned(),
            Item::Flip => "flip".to_owned(),
            Item::Close => if self.log { "close (log scale)" } else { "close" }.to_owned(),
        }
    }

    fn draw(&self, sheet: &mut Sheet, layout: &Layout) {
        self.draw_head(sheet, layout);
        let [left, right, top, bottom] = [layout.left, layout.right, layout.top, layout.bottom].map(quarter);
        let (right, bottom) = (right.max(left + 1.0), bottom.max(top + 1.0));
        let plot = Plot { left, right, top, bottom, time: layout.time, price: layout.price };
        self.draw_bands(sheet, &plot);
        self.draw_flips(sheet, &plot);
        self.draw_axes(sheet, &plot, layout);
        self.draw_price(sheet, &plot);
    }

    fn draw_head(&self, sheet: &mut Sheet, layout: &Layout) {
        let room = f64::from(self.size[0]) - 24.0;
        // Letters of a title are about 0.58 of their size wide.
        let fitting = |title: &String| (room / (0.58 * title.chars().count() as f64)).min(16.0);
        let titles = self.titles();
        let title = titles.iter().find(|title| fitting(title) > 9.0).unwrap_or(&titles[2]);
        sheet.text(title, [12.0, 16.0], fitting(title), Anchor::Start);
        for (item, [x, y]) in &layout.legend {
            let (y, middle) = (y + 30.0, y + 30.0 + TEXT / 2.0);
            match item {
                Item::Trend(trend) => {
                    for (vol, x) in Vol::ALL.iter().zip([*x, x + 13.0, x + 26.0]) {
                        sheet.rectangle([x, y], [x + 13.0, y + TEXT], band(*trend, *vol));
                    }
                }
                Item::Flip => sheet.line(&[[x + 3.0, y], [x + 3.0, y + TEXT]], Shade(INK, 0.8), 0.75),
                Item::Close => sheet.line(&[[*x, middle], [x + 20.0, middle]], Shade(INK, 1.0), 1.5),
                Item::Strength | Item::Unknown => {}
            }
            sheet.text(&self.text(*item), [x + self.symbol_width(*item), middle], TEXT, Anchor::Start);
        }
    }

    /// The colour of each row's label until the next row, or of most rows where they are narrower than the columns
    /// of a quarter of a pixel.
    fn draw_bands(&self, sheet: &mut Sheet, plot: &Plot) {
        let ts = &self.history.ts;
        let columns = ((plot.right - plot.left) * 4.0) as i64;
        let [from, to] = plot.time.map(i128::from);
        let at = |column: i64| (from + (to - from) * i128::from(column) / i128::from(columns)) as i64;
        let mut draw = |from: i64, to: i64, cell| {
            if let Some((trend, vol)) = cell {
                sheet.rectangle([plot.x(from), plot.top], [plot.x(to), plot.bottom], band(trend, vol));
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
            let cell = dominant(&self.labels[row..=row + more]);
            if cell != begin.1 {
                draw(begin.0, at(column), begin.1);
                begin = (at(column), cell);
            }
        }
        draw(begin.0, at(columns), begin.1);
    }

    fn draw_flips(&self, sheet: &mut Sheet, plot: &Plot) {
        let flips = flips(self.history.label.iter().map(Option::as_deref));
        // Fainter where there are many.
        let (opacity, width) =
            if flips.len() * 12 < self.size[0] as usize { (0.6, 0.75) } else { (0.35, 0.25) };
        let mut last = None;
        for flip in flips.into_iter().skip(1) {
            let line = plot.across(self.history.ts[flip.row]);
            if last.replace(line[0]) != Some(line[0]) {
                sheet.line(&line, Shade(INK, opacity), width);
            }
        }
    }

    fn draw_axes(&self, sheet: &mut Sheet, plot: &Plot, layout: &Layout) {
        let Plot { left, right, top, bottom, .. } = *plot;
        let faint = Shade(INK, 0.18);
        for tick in &layout.prices {
            let y = plot.y(self.scaled(tick.at));
            sheet.line(&[[left, y], [right, y]], faint, 0.75);
            sheet.text(&tick.text, [right + 6.0, y], TEXT, Anchor::Start);
        }
        for tick in &layout.times {
            sheet.line(&plot.across(tick.at), faint, 0.75);
            // The outermost texts are moved inwards rather than cut off.
            let half = tick.text.len() as f64 * LETTER / 2.0;
            let x = plot.x(tick.at).min(f64::from(self.size[0]) - 4.0 - half).max(4.0 + half);
            sheet.text(&tick.text, [x, bottom + 4.0 + TEXT / 2.0 + 4.0], TEXT, Anchor::Middle);
        }
        sheet.line(&[[left, bottom], [right, bottom], [right, top]], Shade(INK, 0.5), 1.0);
    }

    /// The line of closes, broken where a close is unknown, over a seam that parts the line from the bands.
    fn draw_price(&self, sheet: &mut Sheet, plot: &Plot) {
        let closes = self.history.ts.iter().zip(&self.close);
        let points: Vec<[f64; 2]> =
            closes.map(|(ts, close)| [plot.x(*ts), plot.y(self.scaled(*close))]).collect();
        let lines: Vec<Vec<[f64; 2]>> = points
            .split(|[_, y]| !y.is_finite())
            .filter(|line| !line.is_empty())
            .map(|line| match line {
                // A lone close is a dot.
                [[x, y]] => vec![[x - 0.5, *y], [x + 0.5, *y]],
                line => thinned(line),
            })
            .collect();
        for (shade, width) in [(Shade(PAPER, 0.6), 3.5), (Shade(INK, 1.0), 1.25)] {
            lines.iter().for_each(|line| sheet.line(line, shade, width));
        }
    }

    /// A price as it is placed on its axis.
    fn scaled(&self, price: f64) -> f64 {
        if self.log { price.ln() } else { price }
    }
}

/// The rows have no bars: the bars were deleted, or are of another calendar scheme.
fn no_closes(asset: &str) -> Result<Error> {
    let schema = spi::connect(extension_schema)?;
    Ok(Error::new(
        PgSqlErrorCode::ERRCODE_NO_DATA_FOUND,
        format!("{asset} has rows, but no daily bar at the time of any of them has a usable close"),
    )
    .detail(format!(
        "The bars are those of calendar scheme {} in regime_source. The rows may be of another scheme, which is then to be \
         given to pg_regime.cal_scheme.",
        quote_literal(settings::cal_scheme())
    ))
    .hint(format!("SELECT cal_scheme, bars_schema, bars_table FROM {schema}.regime_source WHERE layer = 'L2';")))
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

/// The shade of a band.
fn band(trend: Trend, vol: Vol) -> Shade {
    let colour = match trend {
        Trend::Up => UP,
        Trend::Sideways => SIDEWAYS,
        Trend::Down => DOWN,
    };
    let opacity = match vol {
        Vol::Low => 0.2,
        Vol::Normal => 0.4,
        Vol::High => 0.66,
    };
    Shade(colour, opacity)
}
