//! How the regimes of candles look in a picture.

use crate::output::desk::{Breadth, Days, Line};
use crate::output::picture::svg::{DOWN, REST, SIDEWAYS, STRESS, Shade, UP};
use crate::output::picture::{Band, Group, History, Look, Wanted};
use crate::output::series::picture::Pictured;
use crate::pg::asset::Asset;
use crate::pg::{Db, Result};
use crate::systems::market_regimes::tables::OF_SERIES;

const LOOK: Look = Look {
    groups: &[
        Group { name: "TREND_UP", degrees: &[Band { shade: Shade(UP, 0.5), glyph: '▲' }] },
        Group { name: "RANGE", degrees: &[Band { shade: Shade(REST, 0.35), glyph: '━' }] },
        Group { name: "NEUTRAL", degrees: &[Band { shade: Shade(SIDEWAYS, 0.25), glyph: '·' }] },
        Group { name: "CHOPPY", degrees: &[Band { shade: Shade(STRESS, 0.45), glyph: '≈' }] },
        Group { name: "TREND_DOWN", degrees: &[Band { shade: Shade(DOWN, 0.55), glyph: '▼' }] },
    ],
    degrees: None,
    rows: "bars",
};

const PICTURED: Pictured =
    Pictured { what: "market regime", label: "simplified_regime", look: &LOOK, gauge: None };

/// The series as a desk looks at them.
///
/// # Errors
/// As [`OfSeries::desk`](crate::output::series::OfSeries::desk).
pub fn desk(db: Db, asset: Option<&Asset>) -> Result<Vec<Line>> {
    let says = "r.full_regime || ', confidence ' || pg_catalog.round(r.confidence::numeric, 2)";
    OF_SERIES.desk(db, asset, &PICTURED, says)
}

/// How many series had which label at the end of each day.
///
/// # Errors
/// As [`OfSeries::breadth`](crate::output::series::OfSeries::breadth).
pub fn breadth(db: Db, days: Days) -> Result<Breadth> {
    OF_SERIES.breadth(db, days, PICTURED.label)
}

/// The rows of a series as a picture shows them.
///
/// # Errors
/// As [`OfSeries::history`](crate::output::series::OfSeries::history).
pub fn history(db: Db, wanted: &Wanted) -> Result<History> {
    OF_SERIES.history(db, wanted, &PICTURED)
}
