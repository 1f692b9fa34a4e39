//! Rows of the functions that read market states.

use std::ops::Range;

use crate::output::series::hybrid::Show;
use crate::output::series::refresh::Place;
use crate::output::series::state::State;
use crate::pg::Result;
use crate::pg::result_set::{Field, Rows, Text};
use crate::source::candles::Candles;
use crate::systems::market_states::refresh::{Machine, States};
use crate::systems::market_states::rows::{Made, Texts, push};
use crate::systems::market_states::state::Lost;

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
