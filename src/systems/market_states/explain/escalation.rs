//! Steps 6 and 7: the components of the escalation and their ranks, the percentile of the escalation in its era, and what
//! follows from the percentile.

use regime_core::market_states::{Bucket, Note, Rank, WARMUP};
use regime_core::math::number::plain;

use crate::output::told::{Line, line};
use crate::pg::moment;
use crate::systems::market_states::explain::measured::terms;
use crate::systems::market_states::explain::{Step, Told, short};

/// The components, as they are noted and in words.
const COMPONENTS: [[&str; 2]; 5] = [
    ["component 1", "downside_shock_risk"],
    ["component 2", "rise of downside_shock_risk above 10 bars before"],
    ["component 3", "rise of instability_index above 5 bars before"],
    ["component 4", "fall of structural_score below 10 bars before"],
    ["component 5", "rise of |close - E100|/E100 above 5 bars before"],
];

/// The lines of these steps.
pub fn tell(told: &Told) -> Vec<Line> {
    let mut lines: Vec<Line> =
        COMPONENTS.into_iter().flat_map(|component| of_component(told, component)).collect();
    let detail = if told.made.row.warmup {
        format!("NULL before bar {WARMUP}")
    } else {
        "the mean of the five ranks".to_owned()
    };
    let value = told.made.row.escalation.map_or("NULL".to_owned(), plain);
    lines.push(line(Step::Components, "value", value, detail).of("escalation"));
    lines.extend(percentile(told));
    lines
}

fn rank(told: &Told, of: &str) -> Option<Rank> {
    told.notes.of(of).find_map(|note| match note {
        Note::Ranked(rank) => Some(*rank),
        _ => None,
    })
}

fn of_component(told: &Told, [component, words]: [&'static str; 2]) -> Vec<Line> {
    let Some(rank) = rank(told, component) else {
        return vec![line(Step::Components, words, "unknown", "from bar 31 on").of(component)];
    };
    let Rank { value, count, n } = rank;
    let detail =
        format!("rank {}: {} below, {} equal, N = {n}", short(rank.mid_rank()), count.below, count.equal);
    let mut lines = vec![line(Step::Components, words, short(value), detail).of(component)];
    let parts = told.notes.of(component).flat_map(|note| terms(Step::Components, note));
    lines.extend(parts.map(|line| line.of(component)));
    lines
}

fn percentile(told: &Told) -> Vec<Line> {
    let row = &told.made.row;
    let pace = told.eras.pace();
    let mut lines = Vec::new();
    if let Some(Rank { count, n, .. }) = rank(told, "escalation_percentile") {
        let counted = |what: &str, value: u64, detail: &str| {
            line(Step::Percentile, what, value.to_string(), detail).of("escalation_percentile")
        };
        let below = if row.era_start.is_some() {
            "escalations below in the era so far"
        } else {
            "escalations below so far"
        };
        lines.push(counted("below", count.below, below));
        lines.push(counted("equal", count.equal, "equal escalations, that of this row included"));
        lines.push(counted(
            "N",
            n,
            if row.era_start.is_some() { "bars of the era so far" } else { "bars with an escalation so far" },
        ));
    }
    let null = || "NULL".to_owned();
    let start = match row.era_start {
        Some(_) => "the latest start of regime_eras at or before this row",
        None => "no start of regime_eras is at or before this row",
    };
    lines.push(
        line(Step::Percentile, "value", row.era_start.map_or_else(null, moment), start).of("era_start"),
    );
    let confidence = row.era_confidence.map_or_else(null, plain);
    let detail = match row.era_confidence {
        Some(_) => format!("bars of the era so far / {} bars a year, at most 1", pace.bars_a_year),
        None => "NULL without an era".to_owned(),
    };
    lines.push(line(Step::Percentile, "value", confidence, detail).of("era_confidence"));
    let value = row.percentile.map_or_else(null, plain);
    let detail = match (row.percentile, row.era_start, rank(told, "escalation_percentile")) {
        (Some(_), None, Some(rank)) => format!("the mid-rank {}", short(rank.mid_rank())),
        (Some(_), Some(_), Some(rank)) => {
            format!("0.5 + (mid-rank {} - 0.5) · era_confidence", short(rank.mid_rank()))
        }
        (_, Some(_), _) => format!("needs an escalation and more than {} bars of the era", pace.min_bars),
        _ => format!("NULL before bar {}", WARMUP + u64::from(pace.min_bars)),
    };
    lines.push(line(Step::Percentile, "value", value, detail).of("escalation_percentile"));
    let of = |column, value: Option<&str>, detail| {
        line(Step::Percentile, "value", value.unwrap_or("NULL"), detail).of(column)
    };
    let buckets = "HIGH from 0.85, MED from 0.6, else LOW";
    lines.push(of("escalation_bucket", row.bucket.map(Bucket::as_str), buckets));
    lines.push(of("escalation_action", row.bucket.map(Bucket::action), "of the bucket"));
    lines
}
