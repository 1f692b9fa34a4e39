//! The legend of a picture: what its lines and bands mean.

use crate::output::picture::chart::{Chart, TEXT, width};
use crate::output::picture::svg::{Anchor, INK, Shade, Sheet};
use crate::output::picture::{Group, Level};

/// Distance of the legend from the upper and the left edge, and of its lines, in pixels.
const TOP: f64 = 30.0;
const LEFT: f64 = 12.0;
const LINE: f64 = TEXT + 6.0;
/// Width of a swatch, in pixels.
const SWATCH: f64 = 13.0;

/// The items of a legend, each with the place of its upper left corner below the title.
pub struct Legend(Vec<(Item, [f64; 2])>);

/// An item: a symbol and a text.
#[derive(Clone)]
struct Item {
    symbol: Symbol,
    text: String,
}

#[derive(Clone, Copy)]
enum Symbol {
    Line,
    Change,
    Group(&'static Group),
    Level(&'static Level),
    /// The text says it all.
    Nothing,
}

impl Symbol {
    /// In pixels, with the distance from the text.
    fn width(self) -> f64 {
        match self {
            Symbol::Line => 26.0,
            Symbol::Change => 10.0,
            Symbol::Group(group) => group.degrees.len() as f64 * SWATCH + 5.0,
            Symbol::Level(_) => SWATCH + 5.0,
            Symbol::Nothing => 0.0,
        }
    }

    /// Draws the symbol, of which the upper left corner is given.
    fn draw(self, sheet: &mut Sheet, [x, y]: [f64; 2]) {
        let mut swatch = |x: f64, shade| sheet.rectangle([x, y], [x + SWATCH, y + TEXT], shade);
        let middle = y + TEXT / 2.0;
        match self {
            Symbol::Group(group) => {
                let places = (0..).map(|n| x + f64::from(n) * SWATCH);
                group.degrees.iter().zip(places).for_each(|(band, x)| swatch(x, band.shade));
            }
            Symbol::Level(level) => swatch(x, level.shade),
            Symbol::Change => sheet.line(&[[x + 3.0, y], [x + 3.0, y + TEXT]], Shade(INK, 0.8), 0.75),
            Symbol::Line => sheet.line(&[[x, middle], [x + 20.0, middle]], Shade(INK, 1.0), 1.5),
            Symbol::Nothing => {}
        }
    }
}

impl Legend {
    /// All items. Where these would leave too little of a small picture, the bands alone, or nothing.
    pub fn new(chart: &Chart) -> Self {
        let item = |symbol, text: &str| Item { symbol, text: text.to_owned() };
        let look = chart.history.look;
        let groups = look.groups.iter().map(|group| item(Symbol::Group(group), group.name));
        let mut all = vec![item(Symbol::Line, if chart.size.log { "close (log scale)" } else { "close" })];
        if chart.shows_changes() {
            all.push(item(Symbol::Change, "flip"));
        }
        all.extend(groups.clone());
        all.extend(look.degrees.map(|degrees| item(Symbol::Nothing, &format!("({degrees})"))));
        if chart.history.cells.contains(&None) {
            all.push(item(Symbol::Nothing, "blank: no label"));
        }
        if let Some(gauge) = &chart.history.gauge {
            all.push(item(Symbol::Nothing, &format!("below: {}", gauge.name)));
            let levels = gauge.levels.iter();
            all.extend(
                levels
                    .map(|level| item(Symbol::Level(level), &format!("{} from {}", level.name, level.text))),
            );
        }
        let [width, height] = chart.size.pixels.map(f64::from);
        let placed = [all, groups.collect()].map(|items| Self::placed(items, width));
        placed.into_iter().find(|legend| legend.height() < height / 5.0 + 6.0).unwrap_or(Self(Vec::new()))
    }

    /// Items one after another, in as many lines as they take.
    fn placed(items: Vec<Item>, width_of_all: f64) -> Self {
        let (mut x, mut y) = (LEFT, 0.0);
        let place = |item: Item| {
            let needs = item.symbol.width() + width(&item.text);
            if x > LEFT && x + needs > width_of_all - 8.0 {
                (x, y) = (LEFT, y + LINE);
            }
            let at = [x, y];
            x += needs + 12.0;
            (item, at)
        };
        Self(items.into_iter().map(place).collect())
    }

    /// In pixels, with the distance from the plot below; 0 without items.
    pub fn height(&self) -> f64 {
        self.0.last().map_or(0.0, |(_, [_, y])| *y + LINE)
    }

    pub fn draw(&self, sheet: &mut Sheet) {
        for (Item { symbol, text }, [x, y]) in &self.0 {
            let y = y + TOP;
            symbol.draw(sheet, [*x, y]);
            sheet.text(text, [x + symbol.width(), y + TEXT / 2.0], TEXT, Anchor::Start);
        }
    }
}
