//! Rows of the functions that read market states, and statistics of stored rows.

use std::ops::Range;

use crate::output::series::hybrid::Show;
use crate::output::series::read::OF_GIVEN;
use crate::output::series::refresh::Place;
use crate::output::series::state::State;
use crate::pg::Result;
use crate::pg::result_set::{Field, Rows, Text};
use crate::source::candles::Candles;
use crate::systems::market_states::refresh::{Machine, States};
use crate::systems::market_states::rows::{Made, Texts, push};
use crate::systems::market_states::state::Lost;
use crate::systems::market_states::tables::OF_SERIES;

impl Show for States {
    fn of_stored(_: &State) -> Option<Self> {
        Some(Self)
    }

    fn show(
        &self,
        rows: &mut Rows,
        at: &Place,
        machine: &mut Machine,
        candles: &Candles,
        wanted: Range<usize>,
        stamped: bool,
    ) -> Result<usize> {
        let [symbol, timeframe, version] =
            [&at.series.symbol, &at.series.timeframe, at.version].map(Text::new);
        let texts = Texts::new();
        let mut floats = Vec::new();
        for i in 0..wanted.end {
            let row = match push(&mut machine.series, &machine.eras, candles, i) {
                Ok(row) => row,
                Err(Lost::Missing) => return Ok(i),
                Err(Lost::Failed(error)) => return Err(error),
            };
            if i < wanted.start {
                continue;
            }
            let made = Made::new(row);
            let mut fields =
                vec![Field::text(&symbol), Field::text(&timeframe), Field::timestamp(candles.ts[i])];
            fields.extend(texts.fields(&made.values(), &mut floats));
            fields.push(Field::text(&version));
            fields.extend(stamped.then_some(Field::NULL));
            rows.push(&fields)?;
        }
        Ok(wanted.end)
    }
}

/// Statistics of stored rows per state and version. Specification 5, section 7.
///
/// # Errors
/// Where the table does not exist, cannot be read, or has no rows of the named series.
pub fn statistics(rows: &mut Rows, symbol: Option<&str>, timeframe: Option<&str>) -> Result<()> {
    OF_SERIES.query(rows, symbol, timeframe, |relation| {
        format!(
            "SELECT state_label::text, classifier_version::text, count(*), \
             count(*)::float8 / sum(count(*)) OVER ()::float8, min(open_time)::timestamptz, max(open_time)::timestamptz, \
             avg(confidence)::float8, \
             (count(*) FILTER (WHERE escalation_bucket = 'HIGH'))::float8 / nullif(count(escalation_bucket), 0)::float8 \
             FROM {relation} WHERE {OF_GIVEN} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"
        )
    })
}
