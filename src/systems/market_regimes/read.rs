//! Rows of the functions that read the regimes of candles.

use std::collections::HashMap;
use std::ops::Range;

use regime_core::market_regimes::{Label, Machine};

use crate::output::series::hybrid::Show;
use crate::output::series::refresh::Place;
use crate::output::series::state::State;
use crate::pg::{Result, result_set::Field, result_set::Rows, result_set::Template, result_set::Text};
use crate::source::candles::Candles;
use crate::source::series::Series;
use crate::systems::market_regimes::label::LabelTexts;
use crate::systems::market_regimes::refresh::Regimes;
use crate::systems::market_regimes::rows::run;

impl Show for Regimes {
    fn of_stored(state: &State) -> Option<Self> {
        Self::parse(&state.basis)
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
        let last = if stamped { COMPUTED } else { &[] };
        Writer::new(at.series, at.version, last).write(rows, machine, candles, wanted)
    }
}

/// The last column, `created_at`, of a row that is computed.
const COMPUTED: &[Field] = &[Field::NULL];

/// Puts labels into the rows of a function.
struct Writer<'a> {
    texts: LabelTexts,
    symbol: Text,
    timeframe: Text,
    version: Text,
    /// The last column of each row, if the function has one more.
    last: &'a [Field<'a>],
}

impl<'a> Writer<'a> {
    fn new(series: &Series, version: &str, last: &'a [Field<'a>]) -> Self {
        Self {
            texts: LabelTexts::new(),
            symbol: Text::new(&series.symbol),
            timeframe: Text::new(&series.timeframe),
            version: Text::new(version),
            last,
        }
    }

    /// Feeds candles to the machine, and writes the rows of a range of indexes; gives the end of the range.
    fn write(
        &self,
        rows: &mut Rows,
        machine: &mut Machine,
        candles: &Candles,
        wanted: Range<usize>,
    ) -> Result<usize> {
        // There are few distinct labels, and neighbouring candles mostly share one.
        let mut templates: Vec<Template> = Vec::new();
        let mut known = HashMap::new();
        let mut last = None;
        for (i, label) in run(machine, candles).enumerate().take(wanted.end).skip(wanted.start) {
            let at = match last {
                Some((same, at)) if same == label => at,
                _ => {
                    let key = (label.full_index(), label.confidence.to_bits(), label.warmup);
                    let next = templates.len();
                    let at = *known.entry(key).or_insert(next);
                    if at == next {
                        templates.push(rows.template(&self.fields(label), 2)?);
                    }
                    at
                }
            };
            last = Some((label, at));
            if let Some(template) = templates.get_mut(at) {
                rows.push_at(template, candles.ts[i]);
            }
        }
        Ok(wanted.end)
    }

    /// The columns of a row; its time, the third, is still to come.
    fn fields(&self, label: Label) -> Vec<Field<'_>> {
        let mut fields = vec![Field::text(&self.symbol), Field::text(&self.timeframe), Field::timestamp(0)];
        fields.extend(self.texts.fields(label));
        fields.extend([
            Field::float(label.confidence),
            Field::text(&self.version),
            Field::bool(label.warmup),
        ]);
        fields.extend(self.last);
        fields
    }
}
