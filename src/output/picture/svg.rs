//! Elements of SVG, and the colours of a picture: told apart by the colour-blind (blue, grey, orange, green, purple, yellow; degrees
//! by strength), and replaced by brighter ones where the reader prefers a dark scheme.

use regime_core::words;
use std::fmt::{self, Display, Formatter, Write};

/// A colour as SVG names it.
pub type Colour = &'static str;

/// The background.
pub const PAPER: Colour = "#FFFFFF";
/// Lines and texts.
pub const INK: Colour = "#1B2430";
/// The colours of trends.
pub const UP: Colour = "#0072B2";
pub const SIDEWAYS: Colour = "#80868E";
pub const DOWN: Colour = "#D55E00";
/// The colours of a market at rest or about to move, and of stress.
pub const REST: Colour = "#009E73";
pub const STRESS: Colour = "#9B3FA0";
/// The colour of high values of a gauge.
pub const ALARM: Colour = "#E3C800";

/// Each colour, and what it is in a dark scheme.
const DARK: [[Colour; 2]; 8] = [
    [PAPER, "#0E141B"],
    [INK, "#E8EDF2"],
    [UP, "#3FA7E8"],
    [SIDEWAYS, "#9AA4AE"],
    [DOWN, "#FF8A3D"],
    [REST, "#35C795"],
    [STRESS, "#D98AE0"],
    [ALARM, "#F2DC3C"],
];

/// A colour, and how much of it covers what is below, from 0 to 1.
#[derive(Clone, Copy)]
pub struct Shade(pub Colour, pub f64);

words!(
    /// The end of a text at its place.
    Anchor {
        Start = "start",
        Middle = "middle",
    }
);

/// A picture that is drawn, element over element. Places are in pixels from the upper left corner.
pub struct Sheet {
    /// The opening tag.
    head: String,
    elements: String,
}

/// A number as `Display` shows it, in a fraction of the time where the number is one of quarters.
struct Number(f64);

impl Display for Number {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        const LARGEST: f64 = 1e6;
        let quarters = self.0 * 4.0;
        // Not -0.
        if !(quarters.abs() < LARGEST
            && quarters.fract() == 0.0
            && (quarters != 0.0 || quarters.is_sign_positive()))
        {
            return self.0.fmt(f);
        }
        let whole = quarters.abs() as u32;
        f.write_str(if quarters < 0.0 { "-" } else { "" })?;
        (whole / 4).fmt(f)?;
        f.write_str(["", ".25", ".5", ".75"][whole as usize % 4])
    }
}

/// Points as SVG names them, for any number of lines.
pub struct Path(String);

impl Path {
    /// The path from point to point.
    pub fn new(points: &[[f64; 2]]) -> Self {
        let mut path = String::with_capacity(14 * points.len());
        for (n, [x, y]) in points.iter().enumerate() {
            let space = if n == 0 { "" } else { " " };
            // Writing to a String cannot fail.
            let _ = write!(path, "{space}{},{}", Number(quarter(*x)), Number(quarter(*y)));
        }
        Self(path)
    }
}

/// The nearest quarter of a pixel: finer places only make the text longer.
pub fn quarter(pixels: f64) -> f64 {
    (pixels * 4.0).round() / 4.0
}

/// Whether XML 1.0 has the character, and it is no control character.
fn is_xml(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{FFFE}' | '\u{FFFF}')
}

/// A text without what XML takes for its own or does not know, and without the backslash, which COPY does.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\\' => escaped.push_str("&#92;"),
            c if !is_xml(c) => escaped.push(char::REPLACEMENT_CHARACTER),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A name of at most 40 characters, fit for one line: characters that XML does not know are replaced.
pub fn one_line(name: &str) -> String {
    let mut line: String =
        name.chars().take(40).map(|c| if is_xml(c) { c } else { char::REPLACEMENT_CHARACTER }).collect();
    if line.chars().count() < name.chars().count() {
        line.push('…');
    }
    line
}

impl Sheet {
    /// An empty sheet of this width and height, in pixels.
    pub fn new([width, height]: [u32; 2], title: &str) -> Self {
        let head = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             class=\"pg_regime\" font-family=\"sans-serif\" role=\"img\" aria-label=\"{}\">",
            escaped(title)
        );
        let mut sheet = Self { head, elements: String::new() };
        sheet.rectangle([0.0, 0.0], [f64::from(width), f64::from(height)], Shade(PAPER, 1.0));
        sheet
    }

    /// A rectangle from its upper left to its lower right corner.
    pub fn rectangle(
        &mut self,
        [left, top]: [f64; 2],
        [right, bottom]: [f64; 2],
        Shade(fill, opacity): Shade,
    ) {
        let [left, top, right, bottom] = [left, top, right, bottom].map(quarter);
        let [left, top, width, height] = [left, top, right - left, bottom - top].map(Number);
        self.add(format_args!(
            "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" opacity=\"{opacity}\" fill=\"{fill}\"/>"
        ));
    }

    /// A line from point to point, so many pixels wide.
    pub fn line(&mut self, points: &[[f64; 2]], shade: Shade, width: f64) {
        self.path(&Path::new(points), shade, width);
    }

    /// A line along a path, so many pixels wide.
    pub fn path(&mut self, Path(points): &Path, Shade(stroke, opacity): Shade, width: f64) {
        self.add(format_args!(
            "<polyline fill=\"none\" opacity=\"{opacity}\" stroke=\"{stroke}\" stroke-width=\"{width}\" points=\"{points}\"/>"
        ));
    }

    /// A text, whose letters are `size` pixels high, in the middle of the line at `y`.
    pub fn text(&mut self, text: &str, [x, y]: [f64; 2], size: f64, anchor: Anchor) {
        let [x, y, size] = [x, y, size].map(quarter);
        let anchor = anchor.as_str();
        self.add(format_args!(
            "<text x=\"{x}\" y=\"{y}\" dy=\"0.5ex\" text-anchor=\"{anchor}\" font-size=\"{size}\" fill=\"{INK}\">{}</text>",
            escaped(text)
        ));
    }

    /// The picture as SVG: one line without tabs and backslashes, so that COPY writes the text unchanged.
    pub fn into_svg(self) -> String {
        let Self { head, elements } = self;
        let used = DARK.iter().filter(|[light, _]| elements.contains(*light));
        let dark = used.map(|[light, dark]| {
            format!(
                ".pg_regime [fill=\"{light}\"]{{fill:{dark}}}.pg_regime [stroke=\"{light}\"]{{stroke:{dark}}}"
            )
        });
        let dark: String = dark.collect();
        format!("{head}<style>@media (prefers-color-scheme:dark){{{dark}}}</style>{elements}</svg>")
    }

    fn add(&mut self, element: std::fmt::Arguments) {
        // Writing to a String cannot fail.
        let _ = self.elements.write_fmt(element);
    }
}
