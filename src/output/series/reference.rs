//! The foreign key of an output table of series to the candles, by which a row is deleted with its candle, and follows a
//! candle whose key changes until the next refresh. `relation` is the table, as SQL.

use crate::pg::{Db, Result, Sees, arg, attempt, citus, extension_schema, settings, syscache, timescale};
use crate::source::candle_map::MapRow;
use crate::source::candles::{Reads, Source};
use crate::source::clock::Times;

/// The name of the key of a table.
fn name_of(table: &str) -> String {
    format!("{table}_candle_fkey")
}

/// What the key refers to: a table, and its columns of symbol, timeframe and time; all quoted.
#[derive(PartialEq, Eq)]
struct Target {
    table: String,
    key: Vec<String>,
    /// Whether a row follows when the key of its candle changes; otherwise no such change would be possible.
    follows: bool,
}

/// Creates the foreign key where the candles are a table with a matching unique key and times of the same type; gives
/// what was done, or why there is no key.
///
/// # Errors
/// Where the catalogs cannot be read, or the former key cannot be dropped.
pub fn reference(db: Db, table: &str, relation: &str) -> Result<Option<String>> {
    let reference = name_of(table);
    let (found, wanted) = (find(db, &reference, relation)?, wanted(db)?);
    if !wanted.differs(found.as_ref()) {
        return Ok(None);
    }
    if found.is_some() {
        db.execute(&format!("ALTER TABLE {relation} DROP CONSTRAINT {reference}"), &[])?;
    }
    let Wanted::Key { target: Target { table, key, .. }, may_refer: true } = wanted else {
        return Ok(found.map(|found| format!("no longer refers to {}", found.table)));
    };
    let [symbol, timeframe, ts] = key.as_slice() else { return Ok(None) };
    let without = format!(
        "SELECT count(*) AS rows FROM {relation} AS r WHERE NOT EXISTS (SELECT FROM {table} AS c \
         WHERE c.{symbol} = r.symbol AND c.{timeframe} = r.timeframe AND c.{ts} = r.open_time)"
    );
    let without: i64 = db.one(&without, &[], Sees::Now, |row| row.get("rows"))?;
    if without > 0 {
        let rows = if without == 1 { "row has" } else { "rows have" };
        return Ok(Some(format!("does not refer to {table}: {without} {rows} no candle there")));
    }
    let statements = [
        format!(
            "ALTER TABLE {relation} ADD CONSTRAINT {reference} FOREIGN KEY (symbol, timeframe, open_time) \
             REFERENCES {table} ({symbol}, {timeframe}, {ts}) ON DELETE CASCADE ON UPDATE CASCADE"
        ),
        format!("COMMENT ON CONSTRAINT {reference} ON {relation} IS 'A row goes with its candle'"),
    ];
    // The table may not accept a reference, for reasons of its own; the rows work without the key.
    let added = attempt(|| statements.iter().try_for_each(|sql| db.execute(sql, &[]).map(|_| ())));
    Ok(Some(match added {
        Ok(()) => format!("refers to {table}"),
        Err(error) => format!("does not refer to {table}: {}", error.report().message),
    }))
}

/// Whether the key exists and differs from the key that [`reference`] would create.
///
/// # Errors
/// Where the catalogs or the source map cannot be read.
pub fn refers_elsewhere(db: Db, table: &str, relation: &str) -> Result<bool> {
    match find(db, &name_of(table), relation)? {
        Some(found) => Ok(wanted(db)?.differs(Some(&found))),
        None => Ok(false),
    }
}

/// What the key refers to now, if the key exists.
fn find(db: Db, reference: &str, relation: &str) -> Result<Option<Target>> {
    let sql = include_str!("../../../sql/read/candle_key.sql");
    db.first(sql, &[arg(relation), arg(reference)], Sees::Now, |row| {
        Ok(Target { table: row.get("target")?, key: row.get("key")?, follows: row.get("follows")? })
    })
}

/// What the key should refer to.
enum Wanted {
    /// The candles; `may_refer` tells whether the current role may create the key.
    Key { target: Target, may_refer: bool },
    /// Nothing: no key can refer to these candles.
    None,
    /// The current role may not read the candles, so that the target is unknown.
    Unknown,
}

impl Wanted {
    /// Whether the key is to be created again or dropped.
    fn differs(&self, found: Option<&Target>) -> bool {
        match self {
            Wanted::Key { target, may_refer } => found != Some(target) && (*may_refer || found.is_some()),
            Wanted::None => found.is_some(),
            Wanted::Unknown => false,
        }
    }
}

/// The candles, if a foreign key can refer to them: a table with a unique index on just the three columns. A time
/// without a zone is another moment in each session, so that its equality is unreliable; a foreign key does not see the
/// rows of inheriting tables. Partitioned candles get no key, nor does one of their partitions, since a key keeps
/// partitions from being detached or dropped; for the same reason a hypertable gets none, with or without chunks.
fn wanted(db: Db) -> Result<Wanted> {
    if !settings::candle_key() {
        return Ok(Wanted::None);
    }
    let row = MapRow::load(db, &extension_schema(db)?)?;
    let [schema, name] = &row.table;
    match syscache::readable(schema, name) {
        Some(true) => {}
        Some(false) => return Ok(Wanted::Unknown),
        None => return Ok(Wanted::None),
    }
    let Source { key, has_only_tf, relation, .. } = Source::load(db, Reads::Prices)?;
    // Rows have the instant, which is not in the table.
    if has_only_tf || relation.times != Times::Instant {
        return Ok(Wanted::None);
    }
    // Citus joins and references tables of one kind alone.
    if timescale::is_hypertable(db, &relation.sql)? || citus::kept(db, &relation.sql)?.is_some() {
        return Ok(Wanted::None);
    }
    let sql = include_str!("../../../sql/read/candles_to_refer_to.sql");
    let args = [arg(relation.sql.as_str()), arg(key.to_vec()), arg(key[2].as_str())];
    let may_refer = db.first(sql, &args, Sees::Now, |row| row.get("may_refer"))?;
    Ok(match may_refer {
        Some(may_refer) => Wanted::Key {
            target: Target { table: relation.sql, key: key.to_vec(), follows: true },
            may_refer,
        },
        None => Wanted::None,
    })
}
