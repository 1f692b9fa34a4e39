//! The source map: which relation and columns each layer is read from. Each row of the map is checked against the
//! catalogs (`check`) before a bar is read.

use std::borrow::Cow;
use std::rc::Rc;

use regime_core::calendar::Calendar;
use regime_core::cmc_regimes::outside::{OutsideLayer, PerOutside};
use regime_core::cmc_regimes::params::SourceParams;
use regime_core::connect::fields::is_adjusted;
use regime_core::{Layer, PerLayer};

use crate::pg::{
    Column, Db, Error, Result, Row, RowVersion, Same, Sees, arg, extension_schema, internal,
    invalid_parameter, known, known_of_versions, qualified, quote_literal, undefined_object,
    wrong_object_type,
};
use crate::source::check::{Check, Place};
use crate::source::clock::Clock;
use crate::source::kind::{BARS_ID, Kind, Mapped, mapped};
use crate::source::outside::{LabelRow, LabelSource};
use crate::source::relation::Relation;

/// One row of `regime_source`, checked against the catalogs.
#[derive(Clone)]
pub struct Source {
    /// Name of the calendar scheme.
    pub cal_scheme: String,
    /// The layer that is read.
    pub layer: Layer,
    /// Value of the timeframe columns; `None`: rows are not selected by timeframe.
    pub tf: Option<String>,
    /// Schema of the bars relation, not quoted.
    pub bars_schema: String,
    /// Schema of the table of ids, not quoted: that of the daily bars of the scheme.
    pub symbols_schema: String,
    /// Its columns: time, close, then the optional numbers of `params`: ATR, ADX, spread, slippage.
    pub bars: Relation,
    /// Its columns: time, period, EMA.
    pub ema: Relation,
    /// The parameters of the row that can change a label.
    pub params: SourceParams,
    /// The relations of labels that are joined to the rows of daily bars; of L2 alone.
    pub labels: PerOutside<Option<LabelSource>>,
}

impl Source {
    /// The bars, their timeframe and the schema of the table of ids.
    pub fn of_symbols(&self) -> (&Relation, Option<&str>, &str) {
        (&self.bars, self.tf.as_deref(), &self.symbols_schema)
    }

    /// The table of the ids, quoted, where bars or EMAs name their assets by symbols.
    pub fn symbols(&self) -> Option<&str> {
        self.relations().find_map(|relation| relation.symbols.as_deref())
    }

    /// The relations that are read: bars, EMAs, labels.
    pub fn relations(&self) -> impl Iterator<Item = &Relation> {
        let labels = self.labels.iter().flatten().map(|labels| &labels.relation);
        [&self.bars, &self.ema].into_iter().chain(labels)
    }

    /// The statement that reads the EMAs of a condition: only those of the periods of the layer, since most rows of a long EMA table
    /// have other periods.
    pub fn select_emas(&self, condition: &str) -> String {
        format!("{} AND {}", self.ema.select(condition), self.of_periods().1)
    }

    /// The column of the period, and SQL: whether an EMA is of a period of the layer. The periods are a constant list, and the column
    /// is of its own type, so that an index serves.
    pub fn of_periods(&self) -> (&str, String) {
        let column = self.ema.columns[1].as_str();
        let column = column.strip_suffix("::int").unwrap_or(column);
        let periods = self.params.periods.map(|period| period.to_string()).join(", ");
        (column, format!("{column} IN ({periods})"))
    }

    /// Everything that determines what is read, as texts to hash. In which form numbers are stored does not.
    pub fn texts(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let column = |column| match str::strip_suffix(column, "::numeric") {
            Some(number) => Cow::Owned(format!("{number}::float8")),
            None => Cow::Borrowed(column),
        };
        let relation = move |r| {
            let Relation { sql, condition, columns, .. }: &Relation = r;
            let columns = columns.iter().map(move |of| column(of));
            [sql, condition].map(|text| Cow::Borrowed(text.as_str())).into_iter().chain(columns)
        };
        [self.layer.as_str(), self.tf.as_deref().unwrap_or("")]
            .map(Cow::Borrowed)
            .into_iter()
            .chain(self.relations().flat_map(relation))
    }
}

/// The rows of the map as SQL, from its tables: a statement that reads a view, as users do, runs under the settings of the
/// caller, and so do statements within. `schema` is the quoted schema of the extension.
pub fn rows_of_map(schema: &str) -> String {
    format!(
        "(SELECT * FROM {schema}.regime_source_user WHERE origin = 'user' UNION ALL SELECT b.* FROM {schema}.regime_source_built_in AS b \
         WHERE NOT EXISTS (SELECT FROM {schema}.regime_source_user AS u WHERE u.cal_scheme = b.cal_scheme AND u.layer = b.layer)) AS map"
    )
}

/// What the tables of the map, and tables beside the map, show now. What was read of their rows is kept while the tables
/// show the same versions of the rows: each call looks at the versions, so that a change is seen at once, and mostly at
/// nothing else.
pub struct Versions {
    cal_scheme: String,
    /// The quoted schema of the extension.
    schema: String,
    of_map: Vec<RowVersion>,
    /// The versions of all rows of the tables beside the map, each with the index of its table.
    pub beside: Vec<(i32, RowVersion)>,
}

impl Versions {
    /// What the rows of a scheme show, and all rows of the tables `beside` in the schema of the extension, which is quoted.
    /// Qualified throughout, for [`crate::pg::spi::connect_as_caller`].
    ///
    /// # Errors
    /// Where a table cannot be read.
    pub fn read(db: Db, cal_scheme: &str, schema: &str, beside: &[&str]) -> Result<Self> {
        let versions = RowVersion::COLUMNS;
        let mut sql = format!(
            "SELECT {versions}, -1 AS of_ FROM {schema}.regime_source_user WHERE cal_scheme OPERATOR(pg_catalog.=) $1 UNION ALL \
             SELECT {versions}, -1 FROM {schema}.regime_source_built_in WHERE cal_scheme OPERATOR(pg_catalog.=) $1"
        );
        for (n, table) in beside.iter().enumerate() {
            sql += &format!(" UNION ALL SELECT {versions}, {n} FROM {schema}.{table}");
        }
        let (cal_scheme, schema) = (cal_scheme.to_owned(), schema.to_owned());
        let mut found = Self { cal_scheme, schema, of_map: Vec::new(), beside: Vec::new() };
        db.rows(&sql, &[arg(found.cal_scheme.as_str())], Sees::Snapshot, |row| {
            let version = RowVersion::read(row)?;
            match row.get("of_")? {
                -1 => found.of_map.push(version),
                n => found.beside.push((n, version)),
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// The rows of the map for the scheme, by layer, unchecked.
    ///
    /// # Errors
    /// Where the map has no row for the scheme.
    pub fn map(&self, db: Db) -> Result<Map> {
        Ok(self.of_map(|| read(db, &self.cal_scheme, &self.schema))?.as_ref().clone())
    }

    /// The name of the scheme.
    pub fn cal_scheme(&self) -> &str {
        &self.cal_scheme
    }

    /// The quoted schema of the extension.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    fn of_map<T: 'static>(&self, read: impl FnOnce() -> Result<T>) -> Result<Rc<T>> {
        let key = (self.cal_scheme.clone(), self.schema.clone(), self.of_map.clone());
        known_of_versions("source map", &key, read)
    }
}

/// The versions of all rows of the map, those of users marked: while these are the same, so is the map.
///
/// # Errors
/// Where the map cannot be read.
pub fn versions(db: Db) -> Result<Vec<(bool, RowVersion)>> {
    let (versions, schema) = (RowVersion::COLUMNS, extension_schema(db)?);
    let sql = format!(
        "SELECT {versions}, true AS is_users FROM {schema}.regime_source_user \
         UNION ALL SELECT {versions}, false FROM {schema}.regime_source_built_in"
    );
    db.all(&sql, &[], Sees::Now, |row| Ok((row.get("is_users")?, RowVersion::read(row)?)))
}

/// What `read` makes of the rows of a scheme, kept while the rows are the same ([`Versions`]).
///
/// # Errors
/// Where the source map cannot be read, and those of `read`.
pub fn of_scheme<T: 'static>(
    db: Db,
    cal_scheme: &str,
    schema: &str,
    read: impl FnOnce() -> Result<T>,
) -> Result<Rc<T>> {
    Versions::read(db, cal_scheme, schema, &[])?.of_map(read)
}

/// The rows of the map for a calendar scheme, by layer, unchecked; `schema` is the quoted schema of the
/// extension.
///
/// # Errors
/// Where the map has no row for the scheme.
pub fn map(db: Db, cal_scheme: &str, schema: &str) -> Result<Map> {
    Versions::read(db, cal_scheme, schema, &[])?.map(db)
}

fn read(db: Db, cal_scheme: &str, schema: &str) -> Result<Map> {
    let rows = rows_of_map(schema);
    let sql = format!(
        include_str!("../../sql/read/source_map.sql"),
        rows = rows,
        schema = schema,
        shift = Clock::SHIFT
    );
    let mut rows = Map::default();
    let mut labels: PerOutside<Option<LabelRow>> = [None, None];
    db.doing("read the source map").rows(&sql, &[arg(cal_scheme)], Sees::Snapshot, |row| {
        let name: &str = row.get("layer")?;
        if row.get::<Option<&str>>("label_column")?.is_some() {
            if let Some(layer) = OutsideLayer::parse(name) {
                labels[layer as usize] = Some(LabelRow::read(row, schema, cal_scheme, layer)?);
            }
            return Ok(());
        }
        if let Some(layer) = Layer::ALL.into_iter().find(|layer| name == layer.as_str()) {
            rows[layer] = Some(Rc::new(MapRow::read(row, schema, cal_scheme, layer)?));
        }
        Ok(())
    })?;
    let has_labels = labels.iter().any(Option::is_some);
    if let Some(daily) = rows[Layer::L2].as_mut().and_then(Rc::get_mut) {
        daily.labels = labels;
    }
    if rows.iter().all(Option::is_none) && !has_labels {
        return Err(unknown_scheme(db, cal_scheme, schema)?);
    }
    Ok(rows)
}

/// The sources of all calendar schemes whose relations exist, in the order of the schemes and layers.
///
/// # Errors
/// Where a row of the map is wrong.
pub fn all(db: Db) -> Result<Vec<Rc<Source>>> {
    let schema = extension_schema(db)?;
    let sql = format!(
        "SELECT DISTINCT cal_scheme FROM {} WHERE layer <> 'candles' ORDER BY 1",
        rows_of_map(&schema)
    );
    let schemes: Vec<String> = db.all(&sql, &[], Sees::Snapshot, |row| row.only())?;
    let mut sources = Vec::new();
    for scheme in schemes {
        let is_there = |[schema, name]: &[String; 2]| crate::pg::syscache::readable(schema, name).is_some();
        for row in map(db, &scheme, &schema)?.into_iter().flatten() {
            if row.relations().all(is_there) {
                sources.push(check_row(db, &row)?);
            }
        }
    }
    Ok(sources)
}

/// The map without the relations of labels that are not read.
///
/// # Errors
/// None of its own.
pub fn with_labels(map: &Map, read: PerOutside<bool>) -> Result<Map> {
    let mut map = map.clone();
    let Some(daily) = &map[Layer::L2] else { return Ok(map) };
    if daily.labels.iter().zip(read).all(|(labels, read)| read || labels.is_none()) {
        return Ok(map);
    }
    let reduced = || {
        let mut row = MapRow::clone(daily);
        row.labels.iter_mut().zip(read).filter(|(_, read)| !read).for_each(|(labels, _)| *labels = None);
        Ok(row)
    };
    // Known, so that what is known of the row is found again.
    map[Layer::L2] = Some(known("row of the map with labels", &(Same(Rc::clone(daily)), read), reduced)?);
    Ok(map)
}

/// The sources of the rows of a map, by layer, checked against the catalogs.
///
/// # Errors
/// Where a relation or column does not exist, may not be read, or is of a type that cannot be read.
pub fn check(db: Db, map: &Map) -> Result<Sources> {
    let sources =
        PerLayer::try_from_fn(|layer| map[layer].as_ref().map(|row| check_row(db, row)).transpose())?;
    check_labels_apart(map, &sources)?;
    Ok(sources)
}

/// Checks that no relation of labels is read by other columns, too: a change of a row would be marked for one use alone.
fn check_labels_apart(map: &Map, sources: &Sources) -> Result<()> {
    let Some((daily, row)) = sources[Layer::L2].as_ref().zip(map[Layer::L2].as_ref()) else { return Ok(()) };
    let all: Vec<&Relation> = sources.iter().flatten().flat_map(|source| source.relations()).collect();
    for labels in daily.labels.iter().flatten() {
        let own = &labels.relation;
        let is_other = |other: &&&Relation| {
            other.sql == own.sql && (other.has_ids != own.has_ids || other.mark() != own.mark())
        };
        if all.iter().any(|other| is_other(&other)) {
            let (layer, view) =
                (labels.layer.as_str(), format!("labels_of_{}", labels.layer.as_str().to_lowercase()));
            let schema = &row.bars[0];
            return Err(wrong_object_type(format!(
                "{} is read as labels of layer {layer} and otherwise by other columns",
                own.sql
            ))
            .detail("A change of a row would be marked for one of these uses alone.")
            .hint(format!(
                "CREATE VIEW {} AS TABLE {}; UPDATE {}.regime_source SET bars_schema = {}, bars_table = {} WHERE cal_scheme = {} AND layer = {};",
                qualified(schema, &view),
                own.sql,
                row.schema,
                quote_literal(schema),
                quote_literal(&view),
                quote_literal(&row.cal_scheme),
                quote_literal(layer)
            )));
        }
    }
    Ok(())
}

/// The source of a row of a map, checked against the catalogs.
///
/// # Errors
/// As [`check`].
pub fn check_row(db: Db, row: &Rc<MapRow>) -> Result<Rc<Source>> {
    known("source", &Same(Rc::clone(row)), || row.source(db))
}

fn unknown_scheme(db: Db, cal_scheme: &str, schema: &str) -> Result<Error> {
    let sql = format!(
        "SELECT string_agg(DISTINCT cal_scheme, ', ' ORDER BY cal_scheme) FROM {} WHERE layer <> 'candles'",
        rows_of_map(schema)
    );
    let known = db.one(&sql, &[], Sees::Snapshot, |row| row.only::<Option<String>>())?.unwrap_or_default();
    Ok(invalid_parameter(format!("unknown calendar scheme \"{cal_scheme}\""))
        .detail(format!("{schema}.regime_source has rows for: {known}."))
        .hint(format!("Pass cal_scheme => 'iso' or 'us', or insert rows for your own scheme into {schema}.regime_source.")))
}

/// The rows of the map for a calendar scheme, by layer.
pub type Map = PerLayer<Option<Rc<MapRow>>>;

/// The sources of a calendar scheme, by layer; `None` for a layer without a source.
pub type Sources = PerLayer<Option<Rc<Source>>>;

/// The fields of the map that name the columns of bars, and how these are read.
const BARS: [(&str, Kind); 4] = [
    (BARS_ID, Kind::Id),
    ("bars_tf_column", Kind::Text),
    ("bars_ts_column", Kind::Time),
    ("close_column", Kind::Number),
];

/// The fields of the map that name the columns of EMAs, and how these are read.
const EMA: [(&str, Kind); 5] = [
    ("ema_id_column", Kind::Id),
    ("ema_tf_column", Kind::Text),
    ("ema_ts_column", Kind::Time),
    ("ema_period_column", Kind::Int),
    ("ema_column", Kind::Number),
];

/// One row of the map, unchecked.
#[derive(Clone)]
pub struct MapRow {
    /// The quoted schema of the extension.
    pub schema: String,
    /// Name of the calendar scheme.
    pub cal_scheme: String,
    /// The layer that is read.
    pub layer: Layer,
    /// Value of the timeframe columns; `None`: rows are not selected by timeframe.
    pub tf: Option<String>,
    /// EMA periods in bars: fast, mid, slow.
    pub periods: [u32; 3],
    /// Schema and name of the bars relation.
    pub bars: [String; 2],
    bars_filter: String,
    bars_columns: [String; 4],
    /// How the times of the bars are read.
    pub clock: Clock,
    atr: Option<String>,
    adx: Option<String>,
    /// Positive.
    adx_floor: Option<f64>,
    spread: Option<String>,
    slippage: Option<String>,
    /// Schema of the table of ids, not quoted: that of the daily bars of the scheme.
    pub symbols_schema: String,
    /// Schema and name of the EMA relation.
    pub ema: [String; 2],
    ema_filter: String,
    ema_columns: [String; 5],
    /// The calendar by which refreshes build the EMAs of the layer, and the bars of a longer one, from the daily bars.
    pub build_calendar: Option<Calendar>,
    /// The relations of labels that are joined to the rows of daily bars; of L2 alone.
    pub labels: PerOutside<Option<LabelRow>>,
    /// Whether the bars are those of a built-in daily row, in any schema: the ids are those of the original.
    pub is_original: bool,
}

impl MapRow {
    fn read(row: &Row, schema: &str, cal_scheme: &str, layer: Layer) -> Result<Self> {
        let periods = <[i32; 3]>::try_from(row.get::<Vec<i32>>("periods")?)
            .map_err(|_| internal(format!("layer {} does not have three periods", layer.as_str())))?;
        Ok(Self {
            schema: schema.to_owned(),
            cal_scheme: cal_scheme.to_owned(),
            layer,
            tf: row.get("tf")?,
            periods: periods.map(|p| p as u32),
            symbols_schema: row.get("symbols_schema")?,
            bars: row.each(["bars_schema", "bars_table"])?,
            bars_filter: row.get("bars_filter")?,
            bars_columns: row.each(BARS.map(|(field, _)| field))?,
            clock: Clock::read(row)?,
            atr: row.get("atr_column")?,
            adx: row.get("adx_column")?,
            adx_floor: row.get::<Option<f64>>("adx_floor")?.filter(|floor| *floor > 0.0),
            spread: row.get("spread_column")?,
            slippage: row.get("slippage_column")?,
            ema: row.each(["ema_schema", "ema_table"])?,
            ema_filter: row.get("ema_filter")?,
            ema_columns: row.each(EMA.map(|(field, _)| field))?,
            build_calendar: row.get::<Option<&str>>("build_calendar")?.and_then(Calendar::parse),
            labels: [None, None],
            is_original: row.get("is_original")?,
        })
    }

    /// Schema and name of each relation that is read.
    pub fn relations(&self) -> impl Iterator<Item = &[String; 2]> {
        let labels = self.labels.iter().flatten().map(|labels| &labels.relation);
        [&self.bars, &self.ema].into_iter().chain(labels)
    }

    /// Whether the open, high and low of a bar are of the same prices as its close: not where the close is adjusted for splits, by
    /// its name, nor where the relation has a column `close` and another one is read.
    pub fn is_close_of_bar(&self, columns: &[Column]) -> bool {
        let [.., close] = &self.bars_columns;
        close == "close" || (!is_adjusted(close) && columns.iter().all(|column| column.name != "close"))
    }

    /// The calendar by which the inputs of the layer can be built.
    pub fn calendar(&self) -> Option<Calendar> {
        self.build_calendar.or_else(|| Calendar::parse(&self.cal_scheme))
    }

    /// The parameters of the row that can change a label.
    pub fn params(&self) -> SourceParams {
        SourceParams {
            periods: self.periods,
            atr: self.atr.is_some(),
            // Half of a pair is not read: an ADX without a floor, a spread without a slippage.
            adx_floor: self.adx_floor.filter(|_| self.adx.is_some()),
            costs: self.spread.is_some() && self.slippage.is_some(),
        }
    }

    fn source(&self, db: Db) -> Result<Source> {
        let params = self.params();
        let mut optional = Vec::new();
        let mut read = |wanted: bool, field, name: &'_ Option<String>| {
            optional.extend(name.clone().filter(|_| wanted).map(|name| (field, name)));
        };
        read(params.atr, "atr_column", &self.atr);
        read(params.adx_floor.is_some(), "adx_column", &self.adx);
        read(params.costs, "spread_column", &self.spread);
        read(params.costs, "slippage_column", &self.slippage);
        // The bars come first, which say whether assets are named by symbols.
        let (bars, ema) = (self.bars(db, &optional)?, self.ema(db)?);
        let labels = self.labels.each_ref().map(|row| row.as_ref().map(|row| row.source(db)));
        let [l3, l4] = labels.map(Option::transpose);
        Ok(Source {
            labels: [l3?, l4?],
            cal_scheme: self.cal_scheme.clone(),
            layer: self.layer,
            tf: self.tf.clone(),
            bars_schema: self.bars[0].clone(),
            symbols_schema: self.symbols_schema.clone(),
            bars,
            ema,
            params,
        })
    }

    /// The bars relation with its times, closes and further number columns, each with the field that
    /// maps it.
    ///
    /// # Errors
    /// Where the relation or a column does not exist, may not be read, or is of a type that cannot be
    /// read.
    pub fn bars(&self, db: Db, numbers: &[(&'static str, String)]) -> Result<Relation> {
        let mut mapped = mapped(&BARS, &self.bars_columns);
        mapped.extend(numbers.iter().map(|(field, name)| Mapped { field, name, kind: Kind::Number }));
        self.check(db).relation("bars", &self.bars, &mapped, &self.bars_filter)
    }

    fn ema(&self, db: Db) -> Result<Relation> {
        self.check(db).relation("ema", &self.ema, &mapped(&EMA, &self.ema_columns), &self.ema_filter)
    }

    fn check<'c>(&self, db: Db<'c>) -> Check<'_, 'c> {
        let place = Place {
            schema: &self.schema,
            cal_scheme: &self.cal_scheme,
            layer: self.layer.as_str(),
            symbols_schema: &self.symbols_schema,
            clock: &self.clock,
            only_tf: None,
            tf_is_read: self.tf.is_some(),
            built: match (self.calendar(), self.layer) {
                (Some(_), Layer::L0 | Layer::L1) => &["bars", "ema"],
                (Some(_), Layer::L2 | Layer::L3) => &["ema"],
                _ => &[],
            },
        };
        Check { db, place }
    }
}

/// The error for a layer that is needed and has no row in the map.
pub fn no_source(layer: Layer, cal_scheme: &str, schema: &str) -> Error {
    let (tf, periods) = match layer {
        Layer::L0 => ("1M", "12,24,48"),
        Layer::L1 => ("1W", "20,50,200"),
        Layer::L2 => ("1D", "20,50,100"),
        Layer::L3 => ("1H", "34,55,89"),
    };
    let layer = layer.as_str();
    undefined_object(format!("layer {layer} of calendar scheme \"{cal_scheme}\" has no source"))
    .hint(format!(
        "INSERT INTO {schema}.regime_source (cal_scheme, layer, tf, periods, bars_table, ema_table) VALUES ({}, '{layer}', '{tf}', '{{{periods}}}', '…', '…');",
        quote_literal(cal_scheme)
    ))
}
