//! Labels from elsewhere: the relation of labels that the source map names for L3 or L4, and reading the labels of an asset.

use regime_core::cmc_regimes::outside::{OutsideLabels, OutsideLayer, OutsideParams, Told};
use regime_core::cmc_regimes::policy::MOST_CHARACTERS;

use crate::pg::{Db, Micros, Result, Row, Sees, cardinality_violation, data_exception, quote_literal, utc};
use crate::source::check::{Check, Place};
use crate::source::clock::Clock;
use crate::source::kind::{Kind, Mapped};
use crate::source::relation::{Relation, relation_args};

/// Columns of the statement that reads labels, by index since there may be many rows.
const TS: usize = 0;
const LABEL: usize = 1;
const KNOWN: usize = 2;

/// A row of the map that names a relation of labels, unchecked.
#[derive(Clone)]
pub struct LabelRow {
    schema: String,
    cal_scheme: String,
    /// The layer.
    pub layer: OutsideLayer,
    symbols_schema: String,
    /// Schema and name of the relation.
    pub relation: [String; 2],
    filter: String,
    ts: String,
    label: String,
    id: Option<String>,
    known_at: Option<String>,
    hold: u32,
    clock: Clock,
}

/// A relation of labels, checked against the catalogs.
#[derive(Clone)]
pub struct LabelSource {
    /// The layer.
    pub layer: OutsideLayer,
    /// Its columns: time, label, and when the label was known, where a column says so.
    pub relation: Relation,
    /// Whether a column says when a label was known.
    pub has_known_at: bool,
}

impl LabelRow {
    /// A row of the map with a column of labels; `schema` is the quoted schema of the extension.
    ///
    /// # Errors
    /// A column that is missing or of another type.
    pub fn read(row: &Row, schema: &str, cal_scheme: &str, layer: OutsideLayer) -> Result<Self> {
        Ok(Self {
            schema: schema.to_owned(),
            cal_scheme: cal_scheme.to_owned(),
            layer,
            symbols_schema: row.get("symbols_schema")?,
            relation: row.each(["bars_schema", "bars_table"])?,
            filter: row.get("bars_filter")?,
            ts: row.get("bars_ts_column")?,
            label: row.get("label_column")?,
            id: row.get("label_id_column")?,
            known_at: row.get("known_at_column")?,
            hold: row.get::<Option<i32>>("label_hold")?.unwrap_or(0) as u32,
            clock: Clock::read(row)?,
        })
    }

    /// The parameters of the row that can change a label.
    pub fn params(&self) -> OutsideParams {
        OutsideParams { hold: self.hold, known: self.known_at.is_some() }
    }

    /// The relation with its columns.
    ///
    /// # Errors
    /// Where the relation or a column does not exist, may not be read, or is of a type that cannot be read.
    pub fn source(&self, db: Db) -> Result<LabelSource> {
        let place = Place {
            schema: &self.schema,
            cal_scheme: &self.cal_scheme,
            layer: self.layer.as_str(),
            symbols_schema: &self.symbols_schema,
            clock: &self.clock,
            only_tf: None,
            tf_is_read: false,
            built: &[],
        };
        let column = |field, name, kind| Mapped { field, name, kind };
        let mut mapped: Vec<Mapped> =
            self.id.iter().map(|id| column("label_id_column", id.as_str(), Kind::Id)).collect();
        mapped.push(column("bars_ts_column", &self.ts, Kind::Time));
        mapped.push(column("label_column", &self.label, Kind::Label));
        mapped
            .extend(self.known_at.iter().map(|known| column("known_at_column", known.as_str(), Kind::Known)));
        let relation = Check { db, place }.relation("bars", &self.relation, &mapped, &self.filter)?;
        Ok(LabelSource { layer: self.layer, relation, has_known_at: self.known_at.is_some() })
    }
}

impl LabelSource {
    /// The labels of an asset. Rows without a time, a label or, where a column says so, a moment when the label was known are
    /// left out.
    ///
    /// # Errors
    /// Two labels of one time and moment, and a label that is longer than any real label.
    pub fn labels(&self, db: Db, asset: i32, whose: &dyn Fn() -> Result<String>) -> Result<OutsideLabels> {
        let relation = &self.relation;
        let mut all = Vec::new();
        let mut too_long = None;
        let args = relation_args(asset, None, None);
        db.rows(&relation.select(&relation.condition), &args, Sees::Snapshot, |row| {
            let Some(Micros(ts)) = row.get::<Option<Micros>>(TS)? else { return Ok(()) };
            let known = if self.has_known_at { row.get::<Option<Micros>>(KNOWN)? } else { Some(Micros(ts)) };
            let label = row.get::<Option<&str>>(LABEL)?.filter(|label| !label.is_empty());
            let (Some(Micros(known)), Some(label)) = (known, label) else { return Ok(()) };
            if label.chars().count() > MOST_CHARACTERS {
                too_long.get_or_insert((ts, label.chars().count()));
            }
            all.push(Told { ts, known, label: label.to_owned() });
            Ok(())
        })?;
        let layer = self.layer.as_str();
        let of = || if relation.has_ids { whose() } else { Ok(relation.sql.clone()) };
        let [time, label] = [&relation.columns[TS], &relation.columns[LABEL]];
        if let Some((ts, characters)) = too_long {
            return Err(data_exception(format!(
                "{}: the label of layer {layer} of {} has {characters} characters, more than {MOST_CHARACTERS}",
                of()?,
                utc(ts)
            ))
            .hint(format!(
                "SELECT * FROM {} WHERE {} AND pg_catalog.char_length({label}) > {MOST_CHARACTERS};",
                relation.sql,
                relation.condition_of(asset, None)
            )));
        }
        let twice = match OutsideLabels::of(all) {
            Ok(labels) => return Ok(labels),
            Err(twice) => twice,
        };
        let known =
            if self.has_known_at { format!(", known at {}", utc(twice.known)) } else { String::new() };
        Err(cardinality_violation(format!(
            "{}: layer {layer} has two labels of {}{known}",
            of()?,
            utc(twice.ts)
        ))
        .detail("One label of a time is in force: that which was known last.")
        .hint(format!(
            "SELECT * FROM {} WHERE {} AND {time} = {};",
            relation.sql,
            relation.condition_of(asset, None),
            quote_literal(utc(twice.ts))
        )))
    }
}
