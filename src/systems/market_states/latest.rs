//! The newest row of each series, and whether it may still be trusted.

use regime_core::market_states::CLASSIFIER_VERSION;

use crate::output::relation::output_relation;
use crate::pg::result_set::Rows;
use crate::pg::timescale::Recent;
use crate::pg::{Result, arg, settings, spi, syscache, work_relation, work_schema};
use crate::source::candles::{Reads, Source};
use crate::source::relation::may_hide_rows;
use crate::source::series::series_key;
use crate::systems::market_states::chunks::Chunks;
use crate::systems::market_states::state;
use crate::systems::market_states::tables::{MARKET_STATES, OF_SERIES, SERIES, STATE};

/// The newest row of each series that has a row, in the order of the key. Specification 5, section 7.
///
/// # Errors
/// Where the table is not there or cannot be read.
pub fn all(rows: &mut Rows) -> Result<()> {
    spi::connect(|db| {
        let states = output_relation(db, &MARKET_STATES)?;
        let schema = settings::target_schema();
        let work = work_schema(&schema);
        let may_read = |tables: &[&str]| tables.iter().all(|t| syscache::readable(&work, t) == Some(true));
        // Rows can be read without their source: a missing source is a finding of regime_health.
        let candles = Source::load(db, Reads::Prices).ok();
        // A hidden candle is not a missing one.
        let candles = match candles {
            Some(source) if may_hide_rows(db, &source.relation.sql)? => None,
            candles => candles,
        };
        let key = series_key("r.symbol", "r.timeframe");
        let unknown = || "NULL::bool".to_owned();
        let marked = if may_read(&SERIES.tables()) { SERIES.is_marked(&schema, &key) } else { unknown() };
        let knows_eras = may_read(&[STATE]) && state::may_see_eras(db)?;
        let of_other_eras = knows_eras.then(|| state::of_other_eras(db, &schema)).transpose()?;
        let chunks = Chunks::of(db, &schema, &states, candles.as_ref())?;
        let rows_differ = match (knows_eras, &chunks) {
            (true, None) => state::is_of_other_eras(db, &schema, &states)?,
            (true, Some(_)) => "r.is_of_other_eras_".to_owned(),
            (false, _) => unknown(),
        };
        let now = Source::load(db, OF_SERIES.reads).ok();
        let now = now.map(|source| OF_SERIES.now(db, &schema, &source)).transpose()?;
        let other_state = match &now {
            Some(now) if may_read(&[STATE]) => {
                let read = chunks.as_ref().and_then(Chunks::states_read);
                state::is_other(&read.unwrap_or_else(|| work_relation(&schema, STATE)), now)
            }
            _ => unknown(),
        };
        let differs = format!("{marked} OR {rows_differ} OR {other_state}");
        let limit = settings::max_age().map(|micros| micros as f64 / 1e6);
        let mut args = vec![arg(limit), arg(of_other_eras)];
        if let Some(now) = &now {
            let tracking = now.tracking.as_ref().map(|tracking| tracking.fingerprint.as_str());
            args.extend([arg(now.sources.as_str()), arg(tracking), arg(CLASSIFIER_VERSION)]);
        }
        let (db, newest) = match chunks {
            None => (db.by_key(), newest_of_steps(&states, candles.as_ref())),
            Some(chunks) => {
                let marked = now.as_ref().filter(|_| may_read(&[STATE]) && may_read(&SERIES.tables()));
                chunks.newest(may_read(&[STATE]), knows_eras, marked, &mut args)?
            }
        };
        let other_bar =
            if candles.is_some() { "r.newest_bar_ IS DISTINCT FROM r.open_time" } else { "NULL::bool" };
        let is_stale = format!("({other_bar}) OR {differs} OR {key} = ANY ($2)");
        rows.query(db, &sql(&newest, &is_stale), &args)
    })
}

/// SQL: `newest_`, the newest row of each series, found by steps from series to series along the key, and its newest candle.
fn newest_of_steps(states: &str, candles: Option<&Source>) -> String {
    let newest_bar =
        candles.map_or("NULL::timestamptz".to_owned(), |source| source.newest_of("r", &Recent::ALL));
    format!(
        "{}, newest_ AS (SELECT r.*, {newest_bar} AS newest_bar_ FROM series_ AS s CROSS JOIN LATERAL {} AS r)",
        by_steps(states, ""),
        newest_row(states, "")
    )
}

/// SQL: the newest row of the series of a FROM item `s`, under a condition that begins with AND.
pub(super) fn newest_row(states: &str, condition: &str) -> String {
    format!(
        "(SELECT {} FROM {states} AS n WHERE n.symbol = s.symbol AND n.timeframe = s.timeframe{condition} ORDER BY n.open_time DESC LIMIT 1)",
        MARKET_STATES.selected("")
    )
}

/// SQL: `series_`, all series with rows under a condition that begins with AND: steps from series to series along the key.
pub(super) fn by_steps(states: &str, condition: &str) -> String {
    let next = |after: &str| {
        format!(
            "(SELECT n.symbol, n.timeframe FROM {states} AS n WHERE true{condition}{after} ORDER BY n.symbol, n.timeframe LIMIT 1)"
        )
    };
    let after = next(" AND (n.symbol, n.timeframe) > (seen.symbol, seen.timeframe)");
    format!(
        "RECURSIVE series_ AS ({} UNION ALL SELECT n.* FROM series_ AS seen, LATERAL {after} AS n)",
        next("")
    )
}

/// The statement of the newest rows, `newest`: takes the newest row and the newest candle of each series from their indexes. `$1`
/// is the greatest age in seconds, `$2` the keys of series whose eras have changed; `is_stale` is what else makes a row of `r`
/// stale, and may use `$3` to `$5`: the fingerprints of now of the sources and of their tracking, and the version.
fn sql(newest: &str, is_stale: &str) -> String {
    format!(
        "WITH {newest} SELECT {names}, 100::float8 * r.escalation_percentile, \
           avg(r.escalation_percentile) OVER (PARTITION BY r.symbol)::float8, count(r.escalation_percentile) OVER (PARTITION BY r.symbol)::int, \
           now() - r.open_time, r.newest_bar_, \
           coalesce(r.open_time < now() - $1 * interval '1 second', false) OR {is_stale} \
         FROM newest_ AS r ORDER BY r.symbol, r.timeframe",
        names = names()
    )
}

/// The names of the columns of a stored row.
fn names() -> String {
    MARKET_STATES.columns().map(|name| format!("r.{name}")).collect::<Vec<_>>().join(", ")
}
