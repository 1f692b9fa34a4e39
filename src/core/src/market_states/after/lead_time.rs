//! How often and how early a HIGH comes before an event, against how often there is a HIGH at all.

use std::ops::Range;

use crate::market_states::Bucket;
use crate::market_states::after::events::{Asked, Direction, Event, Highs, events};
use crate::market_states::after::share::{Share, mean, median, ratio};

/// What HIGH was worth as a warning of events of one direction. Specification 5, section 8.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeadTime {
    /// Down or up.
    pub direction: Direction,
    /// Number of events.
    pub events: usize,
    /// Number of events whose lookback has a bucket on each bar.
    pub judged: usize,
    /// Number of judged events with a HIGH in the lookback.
    pub hits: usize,
    /// Share of hits among the judged.
    pub hit_rate: Share,
    /// Share of bars with a HIGH in the lookback among all bars that could be judged.
    pub base_rate: f64,
    /// Hit rate as a multiple of the base rate.
    pub lift: f64,
    /// Bars from the first HIGH of the lookback to the start, of the hits.
    pub median_lead: f64,
    /// The mean of the same.
    pub mean_lead: f64,
    /// Number of runs of HIGH bars that could be judged.
    pub alarms: usize,
    /// Number of alarms within an event and before no other.
    pub late_alarms: usize,
    /// Number of alarms with no event.
    pub false_alarms: usize,
    /// Share of false alarms among the alarms.
    pub false_alarm_rate: f64,
    /// Share of HIGH among bars with a bucket.
    pub high_share: f64,
    /// Share of HIGH bars with the start of an event in the next `lookback` bars.
    pub high_followed: f64,
    /// The same share of all bars with a bucket.
    pub any_followed: f64,
}

/// A row for each direction that events can have; arguments as for [`events`].
pub fn lead_times(bars: [&[f64]; 3], buckets: &[Option<Bucket>], asked: &Asked) -> Vec<LeadTime> {
    let n = bars.map(<[f64]>::len).into_iter().fold(buckets.len(), usize::min);
    let buckets = &buckets[..n];
    let all = events(bars, buckets, asked);
    let of = |direction: &Direction| {
        let own: Vec<Event> = all.iter().filter(|event| event.direction == *direction).copied().collect();
        lead_time(*direction, &own, buckets, asked)
    };
    asked.fall.directions().iter().map(of).collect()
}

/// `events` are those of the direction, ascending and apart from each other.
fn lead_time(direction: Direction, events: &[Event], buckets: &[Option<Bucket>], asked: &Asked) -> LeadTime {
    let (Asked { horizon, lookback, .. }, n) = (*asked, buckets.len());
    let judged = events.iter().filter_map(|event| Some((event.start, event.warning?)));
    let mut leads: Vec<f64> =
        judged.clone().filter_map(|(start, warning)| Some((start - warning.first_high?) as f64)).collect();
    leads.sort_by(f64::total_cmp);
    let (judged, hits) = (judged.count(), leads.len());
    let hit_rate = Share::of(hits, judged, judged);

    let highs = Highs::new(buckets);
    let bases = (lookback..n.saturating_sub(horizon)).filter_map(|bar| highs.before(bar, lookback));
    let (base, base_highs) = bases
        .fold((0, 0), |(all, high), warning| (all + 1, high + usize::from(warning.first_high.is_some())));
    let base_rate = ratio(base_highs as f64, base as f64);

    // Whether an event starts after a bar, and up to the lookback after another.
    let starts_within = |after: usize, to: usize| {
        let first = events.partition_point(|event| event.start <= after);
        events.get(first).is_some_and(|event| event.start <= to + lookback)
    };
    let within_event = |bar: usize| {
        let next = events.partition_point(|event| event.start <= bar);
        events[..next].last().is_some_and(|event| bar <= event.end)
    };
    let alarms: Vec<Range<usize>> =
        runs(buckets).into_iter().filter(|run| run.end - 1 + lookback + horizon < n).collect();
    let unheeded: Vec<&Range<usize>> =
        alarms.iter().filter(|run| !starts_within(run.start, run.end - 1)).collect();
    let late_alarms = unheeded.iter().filter(|run| within_event(run.start)).count();
    let false_alarms = unheeded.len() - late_alarms;

    let with_bucket = || (0..n).filter_map(|bar| Some((bar, buckets[bar]?)));
    let is_high = |(_, bucket): &(usize, Bucket)| *bucket == Bucket::High;
    let followed = |high: bool| {
        let bars: Vec<usize> = with_bucket()
            .filter(|bar| bar.0 + lookback + horizon < n && (!high || is_high(bar)))
            .map(|(bar, _)| bar)
            .collect();
        let count = bars.iter().filter(|bar| starts_within(**bar, **bar)).count();
        ratio(count as f64, bars.len() as f64)
    };
    LeadTime {
        direction,
        events: events.len(),
        judged,
        hits,
        hit_rate,
        base_rate,
        lift: ratio(hit_rate.share, base_rate),
        median_lead: median(&leads),
        mean_lead: mean(&leads),
        alarms: alarms.len(),
        late_alarms,
        false_alarms,
        false_alarm_rate: ratio(false_alarms as f64, alarms.len() as f64),
        high_share: ratio(with_bucket().filter(is_high).count() as f64, with_bucket().count() as f64),
        high_followed: followed(true),
        any_followed: followed(false),
    }
}

/// The maximal runs of HIGH bars.
fn runs(buckets: &[Option<Bucket>]) -> Vec<Range<usize>> {
    let mut at = 0;
    let mut runs = Vec::new();
    for run in buckets.chunk_by(|a, b| a == b) {
        if run[0] == Some(Bucket::High) {
            runs.push(at..at + run.len());
        }
        at += run.len();
    }
    runs
}
