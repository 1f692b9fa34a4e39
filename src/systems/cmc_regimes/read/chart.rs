//! The picture of a history: price over bands of regimes, as SVG. The one user of plotters.
//!
//! Drawn in quarters of a pixel, since plotters places everything on whole ones. The same rows give
//! the same bytes. Colours are told apart by the colour-blind (blue, grey, orange; the volatility by
//! strength) and are replaced by brighter ones where the reader prefers a dark scheme. Without line
//! breaks, tabs and backslashes, so that COPY writes it as it is.

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use regime_core::calendar::civil::{MICROS_PER_DAY, date};
use regime_core::calendar::ticks::{self, Tick};
use regime_core::cmc_regimes::flips::flips;
use regime_core::cmc_regimes::label::{Label, Trend, Vol};
use regime_core::cmc_regimes::strip::dominant;

use crate::pg::error::{Error, Result};
use crate::pg::settings;
use crate::systems::cmc_regimes::read::history::History;

use pgrx::prelude::PgSqlErrorCode;

/// Units a pixel.
const UNIT: i32 = 4;
/// Height of letters of axis and legend, and about how wide one is at most, in pixels.
const TEXT: f64 = 12.0;
const LETTER: f64 = 6.8;

const PAPER: RGBColor = RGBColor(0xFF, 0xFF, 0xFF);
const INK: RGBColor = RGBColor(0x1B, 0x24, 0x30);
const UP: RGBColor = RGBColor(0x00, 0x72, 0xB2);
const SIDEWAYS: RGBColor = RGBColor(0x80, 0x86, 0x8E);
const DOWN: RGBColor = RGBColor(0xD5, 0x5E, 0x00);

/// The same in a dark scheme.
const DARK: [(RGBColor, RGBColor); 5] = [
    (PAPER, RGBColor(0x0E, 0x14, 0x1B)),
    (INK, RGBColor(0xE8, 0xED, 0xF2)),
    (UP, RGBColor(0x3F, 0xA7, 0xE8)),
    (SIDEWAYS, RGBColor(0x9A, 0xA4, 0xAE)),
    (DOWN, RGBColor(0xFF, 0x8A, 0x3D)),
];

/// What is drawn: vectors have one element a row.
pub struct Chart {
    pub asset: i32,
    pub layer: &'static str,
    pub history: History,
    pub labels: Vec<Option<Label>>,
    /// NaN where unknown.
    pub close: Vec<f64>,
    /// In pixels.
    pub size: [u32; 2],
    pub log: bool,
}

type Sheet<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Plot<'a> = DrawingArea<SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
type Drawn = std::result::Result<(), Box<dyn std::error::Error>>;

/// Where the parts are, in pixels, and the ranges of the axes.
struct Layout {
    legend: Legend,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    /// Moments, in microseconds.
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

/// The chart as SVG, one line.
pub fn svg(chart: &Chart) -> Result<String> {
    let layout = chart.layout()?;
    let [width, height] = chart.size;
    let mut drawn = String::new();
    {
        let sheet = SVGBackend::with_string(&mut drawn, (width * UNIT as u32, height * UNIT as u32))
            .into_drawing_area();
        chart.draw(&sheet, &layout).map_err(|error| {
            Error::new(PgSqlErrorCode::ERRCODE_INTERNAL_ERROR, format!("could not draw: {error}"))
        })?;
    }
    // In place of the opening tag of plotters: the size in pixels, and the dark scheme.
    let body = drawn.split_once('>').map_or("", |(_, body)| body).replace('\n', "");
    let dark = DARK.map(|(light, dark)| {
        let [light, dark] = [light, dark].map(|RGBColor(r, g, b)| format!("#{r:02X}{g:02X}{b:02X}"));
        format!(
            ".pg_regime [fill=\"{light}\"]{{fill:{dark}}}.pg_regime [stroke=\"{light}\"]{{stroke:{dark}}}"
        )
    });
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {} {}\" \
         class=\"pg_regime\" role=\"img\" aria-label=\"{}\"><style>@media (prefers-color-scheme:dark){{{}}}</style>{body}",
        width * UNIT as u32,
        height * UNIT as u32,
        chart.titles()[0],
        dark.concat()
    ))
}

fn units(pixels: f64) -> i32 {
    (pixels * f64::from(UNIT)).round() as i32
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
        let asset = format!("Asset {}", self.asset);
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
        let place = |close: f64| if self.log { close.ln() } else { close };
        let known = self.close.iter().filter(|close| close.is_finite()).map(|close| place(*close));
        let (low, high) =
            known.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        if low > high {
            return Err(no_closes(self.asset));
        }
        // Around a price that never moves a tenth of it.
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

    fn draw(&self, sheet: &Sheet, layout: &Layout) -> Drawn {
        sheet.fill(&PAPER)?;
        self.draw_head(sheet, layout)?;
        let [left, right, top, bottom] = [layout.left, layout.right, layout.top, layout.bottom].map(units);
        let [[from, to], [low, high]] = [layout.time.map(|t| t as f64), layout.price];
        let plot = sheet.clone().apply_coord_spec(Cartesian2d::new(
            from..to,
            low..high,
            (left..right.max(left + 1), bottom.max(top + 1)..top),
        ));
        self.draw_bands(&plot, layout, right - left)?;
        self.draw_flips(&plot, layout)?;
        self.draw_axes(&plot, layout)?;
        self.draw_price(&plot)?;
        sheet.present()?;
        Ok(())
    }

    fn draw_head(&self, sheet: &Sheet, layout: &Layout) -> Drawn {
        let room = f64::from(self.size[0]) - 24.0;
        // Letters of a title are about 0.58 of their size wide.
        let fitting = |title: &String| (room / (0.58 * title.len() as f64)).min(16.0);
        let titles = self.titles();
        let title = titles.iter().find(|title| fitting(title) > 9.0).unwrap_or(&titles[2]);
        write(sheet, title, [12.0, 16.0], fitting(title), HPos::Left)?;
        for (item, [x, y]) in &layout.legend {
            let (y, middle) = (y + 30.0, y + 30.0 + TEXT / 2.0);
            match item {
                Item::Trend(trend) => {
                    for (vol, x) in Vol::ALL.iter().zip([*x, x + 13.0, x + 26.0]) {
                        let [a, b] = [[x, y], [x + 13.0, y + TEXT]].map(|p| (units(p[0]), units(p[1])));
                        sheet.draw(&Rectangle::new([a, b], band(*trend, *vol).filled()))?;
                    }
                }
                Item::Flip => line(sheet, [x + 3.0, y], [x + 3.0, y + TEXT], INK.mix(0.8), 3)?,
                Item::Close => line(sheet, [*x, middle], [x + 20.0, middle], INK.mix(1.0), 6)?,
                Item::Strength | Item::Unknown => {}
            }
            write(sheet, &self.text(*item), [x + self.symbol_width(*item), middle], TEXT, HPos::Left)?;
        }
        Ok(())
    }

    /// From each row to the next the colour of its label, or of most rows where they are narrower than
    /// a column can be.
    fn draw_bands(&self, plot: &Plot, layout: &Layout, columns: i32) -> Drawn {
        let ts = &self.history.ts;
        let [from, to] = layout.time;
        let [low, high] = layout.price;
        let columns = i64::from(columns.max(1));
        let [from, to] = [from, to].map(i128::from);
        let at = |column: i64| (from + (to - from) * i128::from(column) / i128::from(columns)) as i64;
        let mut begin = (at(0), None);
        let mut row = 0;
        for column in 0..=columns {
            let cell = if column == columns {
                None
            } else {
                // The row in force at the beginning of the column, and those that follow within it.
                while row + 1 < ts.len() && ts[row + 1] <= at(column) {
                    row += 1;
                }
                let more = ts[row + 1..].partition_point(|ts| *ts < at(column + 1));
                dominant(&self.labels[row..=row + more])
            };
            if cell != begin.1 {
                if let (from, Some((trend, vol))) = begin {
                    let corners = [(from as f64, high), (at(column) as f64, low)];
                    plot.draw(&Rectangle::new(corners, band(trend, vol).filled()))?;
                }
                begin = (at(column), cell);
            }
        }
        if let (from, Some((trend, vol))) = begin {
            plot.draw(&Rectangle::new(
                [(from as f64, high), (at(columns) as f64, low)],
                band(trend, vol).filled(),
            ))?;
        }
        Ok(())
    }

    fn draw_flips(&self, plot: &Plot, layout: &Layout) -> Drawn {
        let [low, high] = layout.price;
        let flips = flips(self.history.label.iter().map(Option::as_deref));
        // Fainter where there are many.
        let style = if flips.len() * 12 < self.size[0] as usize { (0.6, 3) } else { (0.35, 1) };
        let style = INK.mix(style.0).stroke_width(style.1);
        let mut last = None;
        for flip in flips.into_iter().skip(1) {
            let ts = self.history.ts[flip.row] as f64;
            let (x, _) = plot.map_coordinate(&(ts, low));
            if last.replace(x) != Some(x) {
                plot.draw(&PathElement::new(vec![(ts, low), (ts, high)], style))?;
            }
        }
        Ok(())
    }

    fn draw_axes(&self, plot: &Plot, layout: &Layout) -> Drawn {
        let [low, high] = layout.price;
        let [from, to] = layout.time.map(|t| t as f64);
        let sheet = plot.strip_coord_spec();
        let faint = INK.mix(0.18).stroke_width(3);
        for tick in &layout.prices {
            let price = if self.log { tick.at.ln() } else { tick.at };
            plot.draw(&PathElement::new(vec![(from, price), (to, price)], faint))?;
            let (_, y) = plot.map_coordinate(&(to, price));
            let place = [layout.right + 6.0, f64::from(y) / f64::from(UNIT)];
            write(&sheet, &tick.text, place, TEXT, HPos::Left)?;
        }
        for tick in &layout.times {
            let at = tick.at as f64;
            plot.draw(&PathElement::new(vec![(at, low), (at, high)], faint))?;
            let (x, _) = plot.map_coordinate(&(at, low));
            // The outermost texts are moved inwards rather than cut off.
            let half = tick.text.len() as f64 * LETTER / 2.0;
            let x =
                (f64::from(x) / f64::from(UNIT)).min(f64::from(self.size[0]) - 4.0 - half).max(4.0 + half);
            write(&sheet, &tick.text, [x, layout.bottom + 4.0 + TEXT / 2.0 + 4.0], TEXT, HPos::Center)?;
        }
        let frame = vec![(from, low), (to, low), (to, high)];
        plot.draw(&PathElement::new(frame, INK.mix(0.5).stroke_width(4)))?;
        Ok(())
    }

    /// The line of closes, broken where one is unknown, over a seam that parts it from the bands.
    fn draw_price(&self, plot: &Plot) -> Drawn {
        let place = |close: f64| if self.log { close.ln() } else { close };
        let points: Vec<(f64, f64)> =
            self.history.ts.iter().zip(&self.close).map(|(ts, close)| (*ts as f64, place(*close))).collect();
        let lines: Vec<Vec<(f64, f64)>> = points
            .split(|(_, price)| !price.is_finite())
            .filter(|line| !line.is_empty())
            .map(|line| thinned(line, |point| plot.map_coordinate(point).0))
            .collect();
        for style in [PAPER.mix(0.6).stroke_width(14), INK.mix(1.0).stroke_width(5)] {
            for line in &lines {
                // A lone close is a dot.
                let line = if line.len() == 1 { [line[0]; 2].to_vec() } else { line.clone() };
                plot.draw(&PathElement::new(line, style))?;
            }
        }
        Ok(())
    }
}

/// Rows without bars: these were deleted, or are of another calendar scheme.
fn no_closes(asset: i32) -> Error {
    Error::new(
        PgSqlErrorCode::ERRCODE_NO_DATA_FOUND,
        format!("asset {asset} has rows, but no daily bar at the time of any of them has a usable close"),
    )
    .detail(format!("Bars are those of calendar scheme '{}', as regime_source maps them.", settings::cal_scheme()))
    .hint("SET pg_regime.cal_scheme = '…'; to the scheme that the rows were computed with, or refresh the asset again.")
}

/// The first, lowest, highest and last point of each column: what a line through all of them shows.
fn thinned(points: &[(f64, f64)], column: impl Fn(&(f64, f64)) -> i32) -> Vec<(f64, f64)> {
    let mut kept = Vec::new();
    for of_column in points.chunk_by(|a, b| column(a) == column(b)) {
        let rows = 0..of_column.len();
        let price = |row: &usize| of_column[*row].1;
        let lowest = rows.clone().min_by(|a, b| price(a).total_cmp(&price(b))).unwrap_or(0);
        let highest = rows.clone().max_by(|a, b| price(a).total_cmp(&price(b))).unwrap_or(0);
        let mut rows = vec![0, lowest, highest, of_column.len() - 1];
        rows.sort_unstable();
        rows.dedup();
        kept.extend(rows.into_iter().map(|row| of_column[row]));
    }
    kept
}

fn band(trend: Trend, vol: Vol) -> RGBAColor {
    let colour = match trend {
        Trend::Up => UP,
        Trend::Sideways => SIDEWAYS,
        Trend::Down => DOWN,
    };
    colour.mix([0.2, 0.4, 0.66][vol as usize])
}

fn line(sheet: &Sheet, from: [f64; 2], to: [f64; 2], colour: RGBAColor, width: u32) -> Drawn {
    let ends = [from, to].map(|[x, y]| (units(x), units(y))).to_vec();
    Ok(sheet.draw(&PathElement::new(ends, colour.stroke_width(width)))?)
}

/// Text whose middle is at a height.
fn write(sheet: &Sheet, text: &str, [x, y]: [f64; 2], size: f64, side: HPos) -> Drawn {
    // plotters divides sizes by 1.24.
    let style = ("sans-serif", size * f64::from(UNIT) * 1.24).into_font().color(&INK);
    let style = style.pos(Pos::new(side, VPos::Center));
    Ok(sheet.draw(&Text::new(text.to_owned(), (units(x), units(y)), style))?)
}
