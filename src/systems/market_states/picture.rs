//! How market states look in a picture.

use crate::output::desk::{Breadth, Days, Line};
use crate::output::picture::svg::{ALARM, DOWN, REST, SIDEWAYS, STRESS, Shade, UP};
use crate::output::picture::{Band, Group, History, Level, Look, Wanted};
use crate::output::series::picture::{Gauged, Pictured};
use crate::pg::asset::Asset;
use crate::pg::{Db, Result};
use crate::systems::market_states::tables::OF_SERIES;

const LOOK: Look = Look {
    groups: &[
        Group { name: "TRENDING_BULL", degrees: &[Band { shade: Shade(UP, 0.5), glyph: '▲' }] },
        Group {
            name: "TRANSITION_BREAKOUT_SETUP", degrees: &[Band { shade: Shade(REST, 0.5), glyph: '◇' }]
        },
        Group { name: "TRANSITION", degrees: &[Band { shade: Shade(SIDEWAYS, 0.15), glyph: '·' }] },
        Group { name: "CHOP_RISK", degrees: &[Band { shade: Shade(SIDEWAYS, 0.6), glyph: '━' }] },
        Group { name: "TRENDING_BEAR", degrees: &[Band { shade: Shade(DOWN, 0.55), glyph: '▼' }] },
        Group { name: "PANIC_RISK", degrees: &[Band { shade: Shade(STRESS, 0.4), glyph: '!' }] },
        Group { name: "SHOCK", degrees: &[Band { shade: Shade(STRESS, 0.9), glyph: '█' }] },
    ],
    degrees: None,
    rows: "bars",
};

/// The escalation percentile: the limits of its buckets. Specification 5, section 5.
const PERCENTILE: Gauged = Gauged {
    column: "escalation_percentile",
    name: "escalation percentile",
    levels: &[
        Level { at: 0.60, text: ".60", name: "MED", shade: Shade(ALARM, 0.3) },
        Level { at: 0.85, text: ".85", name: "HIGH", shade: Shade(ALARM, 0.85) },
    ],
};

const PICTURED: Pictured =
    Pictured { what: "market state", label: "state_label", look: &LOOK, gauge: Some(PERCENTILE) };

/// The series as a desk looks at them.
///
/// # Errors
/// As [`OfSeries::desk`](crate::output::series::OfSeries::desk).
pub fn desk(db: Db, asset: Option<&Asset>) -> Result<Vec<Line>> {
    let says = "pg_catalog.concat_ws(', ', r.escalation_bucket || ' escalation', r.escalation_action)";
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
