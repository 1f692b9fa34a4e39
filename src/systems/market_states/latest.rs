//! The newest row of each series, and whether it may still be trusted.

use regime_core::calendar::rhythm::REACH;
use regime_core::connect::times::length_of;
use regime_core::market_states::CLASSIFIER_VERSION;

use crate::output::fresh::Because;
use crate::output::relation::output_relation;
use crate::pg::result_set::Rows;
use crate::pg::timescale::Recent;
use crate::pg::{
    Arg, Db, Result, Sees, arg, extension_schema, settings, spi, syscache, work_relation, work_schema,
};
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
        let differs = format!("{marked} OR {rows_differ} OR {other_state} OR {key} = ANY ($2)");
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
        let timeframes = if may_read(&[STATE]) { timeframes(db, &schema)? } else { Vec::new() };
        let is_silent = is_silent(db, candles.as_ref(), timeframes, &mut args)?;
        rows.query(db, &sql(&newest, [other_bar, &differs, &is_silent]), &args)
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

/// The timeframes of the series that have states.
fn timeframes(db: Db, schema: &str) -> Result<Vec<String>> {
    let sql = format!("SELECT DISTINCT k.timeframe::text FROM {} AS k", work_relation(schema, STATE));
    db.all(&sql, &[], Sees::Snapshot, |row| row.only())
}

/// SQL: whether the candle after the newest one of the series of `r` is late; its parameters are added. The candles that tell the rhythm
/// are read only of series whose timeframe does not say that the newest candle is too young.
fn is_silent(
    db: Db,
    candles: Option<&Source>,
    timeframes: Vec<String>,
    args: &mut Vec<Arg>,
) -> Result<String> {
    let Some(grace) = settings::feed_grace() else { return Ok("false".to_owned()) };
    let Some(candles) = candles else { return Ok("NULL::bool".to_owned()) };
    let young =
        |timeframe: &String| length_of(timeframe).map_or(0.0, |length| 2.0 * length.least as f64 / 1e6);
    let young: Vec<f64> = timeframes.iter().map(young).collect();
    let grace = grace as f64 / 1e6;
    args.extend([arg(grace), arg(timeframes), arg(young)]);
    let [grace, timeframes, young] = [2, 1, 0].map(|back| args.len() - back);
    let reach = REACH / 1_000_000;
    let times = candles.times_of("r", &format!("r.newest_bar_ - {reach}::float8 * interval '1 second'"));
    let due = format!("{}.regime_due(ARRAY(SELECT t.ts FROM {times} AS t), true)", extension_schema(db)?);
    let seconds = "* interval '1 second'";
    Ok(format!(
        "CASE WHEN pg_catalog.isfinite(r.newest_bar_) AND r.newest_bar_ < now() - (${grace} + coalesce((SELECT y.young FROM \
         ROWS FROM (pg_catalog.unnest(${timeframes}::text[]), pg_catalog.unnest(${young}::float8[])) AS y (timeframe, young) \
         WHERE y.timeframe = r.timeframe), 0::float8)) {seconds} \
         THEN coalesce(now() - ${grace} {seconds} > {due}, false) ELSE false END"
    ))
}

/// The statement of the newest rows, `newest`: takes the newest row and the newest candle of each series from their indexes. `$1`
/// is the greatest age in seconds, `$2` the keys of series whose eras have changed; the conditions are whether a row of `r` is behind
/// its candles, whether what it depends on has changed, which may use `$3` to `$5`: the fingerprints of now of the sources and of their
/// tracking, and the version, and whether the next candle is late.
fn sql(newest: &str, [other_bar, differs, is_silent]: [&str; 3]) -> String {
    let because = [
        (Because::Rows, "is_behind_"),
        (Because::Changed, "differs_"),
        (Because::Silent, "is_silent_"),
        (Because::Old, "is_old_"),
    ];
    let because: String = because
        .iter()
        .map(|(because, holds)| format!(" WHEN j.{holds} THEN '{}'", because.as_str()))
        .collect();
    format!(
        "WITH {newest} SELECT {names}, 100::float8 * r.escalation_percentile, \
           avg(r.escalation_percentile) OVER (PARTITION BY r.symbol)::float8, count(r.escalation_percentile) OVER (PARTITION BY r.symbol)::int, \
           now() - r.open_time, r.newest_bar_, j.is_old_ OR j.is_behind_ OR j.differs_ OR j.is_silent_, CASE{because} END::text \
         FROM newest_ AS r CROSS JOIN LATERAL (SELECT coalesce(r.open_time < now() - $1 * interval '1 second', false) AS is_old_, \
           {other_bar} AS is_behind_, ({differs}) AS differs_, ({is_silent}) AS is_silent_ OFFSET 0) AS j \
         ORDER BY r.symbol, r.timeframe",
        names = names()
    )
}

/// The names of the columns of a stored row.
fn names() -> String {
    MARKET_STATES.columns().map(|name| format!("r.{name}")).collect::<Vec<_>>().join(", ")
}
