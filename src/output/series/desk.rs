//! The series of a system of candles as a desk looks at them.

use crate::output::desk::{Breadth, Days, Line, Run, history};
use crate::output::picture::Wanted;
use crate::output::relation::output_relation;
use crate::output::series::OfSeries;
use crate::output::series::picture::Pictured;
use crate::pg::asset::Asset;
use crate::pg::{Db, Result, Sees, arg, timestamps_arg};
use crate::source::series::Series;

impl OfSeries {
    /// Each series that has rows, or those of a symbol, by symbol and timeframe. `in_force` is SQL: what the newest row `r` says.
    ///
    /// # Errors
    /// Where no series of the symbol has rows, and where candles or rows cannot be read.
    pub fn desk(
        &self,
        db: Db,
        asset: Option<&Asset>,
        pictured: &Pictured,
        in_force: &str,
    ) -> Result<Vec<Line>> {
        let symbol = asset.map(|asset| self.symbol_of(db, asset)).transpose()?;
        let mut all = self.fresh_series(db)?;
        all.retain(|(series, fresh)| {
            fresh.newest_row.is_some() && symbol.as_ref().is_none_or(|symbol| *symbol == series.symbol)
        });
        let said =
            self.newest_say(db, &all.iter().map(|(s, f)| (s, f.newest_row)).collect::<Vec<_>>(), in_force)?;
        let mut lines = Vec::with_capacity(all.len());
        for ((series, fresh), in_force) in all.into_iter().zip(said) {
            pgrx::check_for_interrupts!();
            let asset = Asset::Name(series.symbol.clone());
            let timeframe = Some(series.timeframe.as_str());
            let read =
                |shown| self.history(db, &Wanted { asset: &asset, timeframe, layer: None, shown }, pictured);
            let run = Run::of(&history(read)?);
            lines.push(Line {
                symbol: Some(series.symbol),
                timeframe: Some(series.timeframe),
                run,
                in_force,
                is_stale: fresh.is_stale(),
                ..Line::default()
            });
        }
        Ok(lines)
    }

    /// How many series of a timeframe (of days, where none is given) had which label, a column, at the end of each day of UTC.
    ///
    /// # Errors
    /// Where no series of the timeframe has rows, and where rows cannot be read.
    pub fn breadth(&self, db: Db, days: Days, label: &str) -> Result<Breadth> {
        let timeframe = days.timeframe.unwrap_or("1d");
        let relation = self.existing(db, None, Some(timeframe))?;
        let day = "(open_time AT TIME ZONE 'UTC')::date";
        let sql = format!(
            "SELECT day, label, count(*) FROM (SELECT DISTINCT ON (symbol, {day}) {day} AS day, {label}::text AS label FROM {relation} \
             WHERE timeframe = $3 AND pg_catalog.isfinite(open_time) AND {day} >= coalesce($1, '-infinity') AND {day} <= coalesce($2, 'infinity') \
             ORDER BY symbol, {day}, open_time DESC) AS r WHERE label IS NOT NULL GROUP BY 1, 2"
        );
        let mut all = Breadth::new();
        days.count(db, &sql, [arg(timeframe)], &mut all)?;
        Ok(all)
    }

    /// What the newest row of each series says, in the order of the series.
    fn newest_say(
        &self,
        db: Db,
        all: &[(&Series, Option<i64>)],
        in_force: &str,
    ) -> Result<Vec<Option<String>>> {
        let texts =
            |of: fn(&Series) -> &str| arg(all.iter().map(|(series, _)| of(series)).collect::<Vec<_>>());
        let sql = format!(
            "SELECT {in_force} FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[]), \
             pg_catalog.unnest($3::timestamptz[])) WITH ORDINALITY AS f (symbol, timeframe, ts, n) \
             LEFT JOIN {} AS r ON r.symbol = f.symbol AND r.timeframe = f.timeframe AND r.open_time = f.ts ORDER BY f.n",
            output_relation(db, self.table)?
        );
        let args = [
            texts(|series| &series.symbol),
            texts(|series| &series.timeframe),
            timestamps_arg(all.iter().map(|(_, ts)| *ts).collect()),
        ];
        db.all(&sql, &args, Sees::Snapshot, |row| row.only())
    }
}
