//! The row of the source map for candles, and its check against the catalogs.

use std::rc::Rc;

use crate::pg::{
    Db, Error, Result, Same, Sees, extension_schema, invalid_parameter, known, quoted, undefined_object,
};
use crate::source::candles::{Reads, Source};
use crate::source::check::{Check, Place};
use crate::source::clock::Clock;
use crate::source::kind::{Kind, Mapped, mapped};
use crate::source::map::{of_scheme, rows_of_map};

/// The fields of the map that name the columns of candles, and how these are read.
const COLUMNS: [(&str, Kind); 6] = [
    ("bars_id_column", Kind::Symbol),
    ("bars_tf_column", Kind::Text),
    ("bars_ts_column", Kind::Time),
    ("high_column", Kind::Number),
    ("low_column", Kind::Number),
    ("close_column", Kind::Number),
];

/// The row of the map for candles, unchecked.
pub struct MapRow {
    /// Schema and name of the relation, not quoted.
    pub table: [String; 2],
    filter: String,
    /// Of [`COLUMNS`].
    columns: [String; 6],
    /// The only timeframe, where there is no column of timeframes.
    tf: Option<String>,
    /// How the times are read.
    clock: Clock,
    open: Option<String>,
    volume: Option<String>,
    /// Whether the user has edited the row.
    is_edited: bool,
}

impl MapRow {
    /// The row of the map for candles; `schema` is the quoted schema of the extension.
    ///
    /// # Errors
    /// Where the map has no row for candles.
    pub fn load(db: Db, schema: &str) -> Result<Rc<Self>> {
        Self::find(db, schema)?.ok_or_else(|| {
            undefined_object("candles have no source").hint(format!(
                "INSERT INTO {schema}.regime_source (cal_scheme, layer, bars_table, bars_id_column, bars_tf_column, bars_ts_column, high_column, low_column) \
                 VALUES ('any', 'candles', 'candles', 'symbol', 'timeframe', 'open_time', 'high', 'low');"
            ))
        })
    }

    pub(super) fn find(db: Db, schema: &str) -> Result<Option<Rc<Self>>> {
        Ok(of_scheme(db, "any", schema, || Self::read(db, schema))?.as_ref().clone())
    }

    fn read(db: Db, schema: &str) -> Result<Option<Rc<Self>>> {
        let sql = format!(
            "SELECT bars_schema::text, bars_table::text, bars_filter::text, bars_id_column::text, bars_tf_column::text, bars_ts_column::text, \
             high_column::text, low_column::text, close_column::text, open_column::text, volume_column::text, origin = 'user' AS is_edited, tf, bars_ts_unit, bars_zone, {} FROM {} WHERE cal_scheme = 'any' AND layer = 'candles'",
            Clock::SHIFT,
            rows_of_map(schema)
        );
        db.first(&sql, &[], Sees::Snapshot, |row| {
            Ok(Rc::new(Self {
                table: row.each(["bars_schema", "bars_table"])?,
                filter: row.get("bars_filter")?,
                columns: row.each(COLUMNS.map(|(field, _)| field))?,
                tf: row.get("tf")?,
                clock: Clock::read(row)?,
                open: row.get("open_column")?,
                volume: row.get("volume_column")?,
                is_edited: row.get("is_edited")?,
            }))
        })
    }

    pub(super) fn source(self: &Rc<Self>, db: Db, schema: &str, reads: Reads) -> Result<Source> {
        let find = || self.check(db, schema, reads);
        Ok(known("candles", &(Same(Rc::clone(self)), reads), find)?.as_ref().clone())
    }

    fn check(&self, db: Db, schema: &str, reads: Reads) -> Result<Source> {
        let mut mapped = mapped(&COLUMNS, &self.columns);
        if reads == Reads::All {
            let open = self.open.as_deref().ok_or_else(|| no_opens(schema))?;
            mapped.push(Mapped { field: "open_column", name: open, kind: Kind::Number });
            let volume = self.volume.as_deref();
            mapped.extend(volume.map(|name| Mapped { field: "volume_column", name, kind: Kind::Number }));
        }
        let place = Place {
            schema,
            cal_scheme: "any",
            layer: "candles",
            symbols_schema: &self.table[0],
            clock: &self.clock,
            only_tf: self.tf.as_deref(),
            tf_is_read: self.tf.is_none(),
            built: &[],
        };
        let relation = Check { db, place }.relation("bars", &self.table, &mapped, &self.filter)?;
        let [symbol, timeframe, ts, ..] = &self.columns;
        let mut key = [symbol, timeframe, ts].map(quoted);
        if let (Some(_), Some(only)) = (&self.tf, &relation.tf) {
            key[1].clone_from(only);
        }
        Ok(Source::new(self.table.clone(), key, self.tf.is_some(), relation, reads))
    }
}

/// The error for candles without opens; `schema` is the quoted schema of the extension.
fn no_opens(schema: &str) -> Error {
    invalid_parameter("open_column of the candles is NULL")
        .detail(format!(
            "Market states need opening prices. The mapping is in {schema}.regime_source, in the row cal_scheme = 'any', layer = 'candles'; \
             where there are none, map a view whose open is the close before."
        ))
        .hint(format!(
            "UPDATE {schema}.regime_source SET open_column = 'open' WHERE cal_scheme = 'any' AND layer = 'candles';"
        ))
}

/// Whether the user has edited the row of the map for candles.
///
/// # Errors
/// Where the map cannot be read.
pub fn is_mapped(db: Db) -> Result<bool> {
    Ok(MapRow::find(db, &extension_schema(db)?)?.is_some_and(|row| row.is_edited))
}
