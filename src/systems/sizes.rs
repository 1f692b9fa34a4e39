//! How large the tables of all systems are, and what to vacuum: `regime_sizes`, `regime_rows`.

use crate::output::own::RUN_LOG;
use crate::output::relation::output_relation;
use crate::output::set_up::is_set_up;
use crate::output::system::System;
use crate::pg::{Db, Micros, Result, Row, Sees, arg, settings, spi};
use crate::systems::registry::{ALL, known};

/// A table.
pub struct Size {
    /// `None` where all systems share the table.
    pub system: Option<&'static str>,
    /// As SQL.
    pub relation: String,
    /// As the statistics have them.
    pub rows: i64,
    pub dead: i64,
    /// With indexes and long values.
    pub bytes: i64,
    /// When the table was last vacuumed, in microseconds since 2000; of partitions the one that was so longest ago.
    pub vacuumed: Option<i64>,
    /// Whether vacuuming pays: more than 10,000 rows are dead, or more than a fifth of at least a thousand.
    pub is_to_vacuum: bool,
}

/// The output and working tables that exist, the largest first.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn all() -> Result<Vec<Size>> {
    spi::connect(|db| {
        let mut all = Vec::new();
        for registered in ALL {
            all.extend(of_system(db, registered.system)?);
        }
        all.sort_by(|a: &Size, b| b.bytes.cmp(&a.bytes).then_with(|| a.relation.cmp(&b.relation)));
        all.dedup_by(|a, b| a.relation == b.relation);
        Ok(all)
    })
}

fn of_system(db: Db, system: &'static System) -> Result<Vec<Size>> {
    // Partitions, and chunks of hypertables, count as parts of their table. One that is gone, but for the snapshot, has no size.
    let sql = "SELECT c.oid::regclass::text AS relation, w.relation AS name, s.live, s.dead, s.bytes, s.vacuumed FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         CROSS JOIN LATERAL (SELECT sum(greatest(pg_stat_get_live_tuples(p.oid), k.reltuples::int8, 0::int8))::int8 AS live, sum(pg_stat_get_dead_tuples(p.oid))::int8 AS dead, \
             sum(pg_catalog.pg_total_relation_size(p.oid::regclass))::int8 AS bytes, \
             min(greatest(pg_catalog.pg_stat_get_last_vacuum_time(p.oid), pg_catalog.pg_stat_get_last_autovacuum_time(p.oid))) AS vacuumed \
           FROM (SELECT c.oid UNION SELECT relid FROM pg_catalog.pg_partition_tree(c.oid) \
             UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid) AS p (oid) \
           JOIN pg_catalog.pg_class k ON k.oid = p.oid) AS s \
         JOIN ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) AS w (schema, relation) \
           ON n.nspname = w.schema::name AND c.relname = w.relation::name WHERE s.bytes IS NOT NULL ORDER BY 1";
    let (schemas, names): (Vec<String>, Vec<&str>) =
        system.relations(&settings::target_schema()).into_iter().unzip();
    let shared = |name: &str| {
        let holders = ALL.iter().filter(|other| {
            let mut relations = other.system.relations("").into_iter();
            relations.any(|(_, own)| own == name)
        });
        name == RUN_LOG || holders.count() > 1
    };
    db.all(sql, &[arg(schemas), arg(names)], Sees::Snapshot, |row| {
        let (rows, dead): (i64, i64) = (row.get("live")?, row.get("dead")?);
        Ok(Size {
            system: (!shared(row.get("name")?)).then_some(system.name),
            relation: row.get("relation")?,
            rows,
            dead,
            bytes: row.get("bytes")?,
            vacuumed: row.get::<Option<Micros>>("vacuumed")?.map(|at| at.0),
            is_to_vacuum: dead > 10_000 || dead >= 1_000 && dead > rows / 5,
        })
    })
}

/// The rows of a subject in an output table.
pub struct Rows {
    pub system: &'static str,
    pub table: &'static str,
    /// The values of the columns that say whose the rows are.
    pub subject: String,
    pub rows: i64,
}

/// The number of rows of each subject in each output table of a system that is set up, or of all, by system, table and subject. Counts
/// all rows.
///
/// # Errors
/// An unknown system, and where a table cannot be read.
pub fn rows(system: Option<&str>) -> Result<Vec<Rows>> {
    let asked = system.map(|name| known(name, "system =>")).transpose()?;
    spi::connect(|db| {
        let mut all = Vec::new();
        let every = || ALL.map(|registered| registered.system).to_vec();
        for system in asked.map_or_else(every, |asked| vec![asked.system]) {
            if asked.is_none() && !is_set_up(db, &settings::target_schema(), system)? {
                continue;
            }
            for table in system.tables {
                let relation = output_relation(db, table)?;
                // The timeframe of an asset is always the same.
                let whose: Vec<&str> = table
                    .scope
                    .iter()
                    .filter(|column| column.before.is_none())
                    .map(|column| column.name)
                    .collect();
                let by = whose.join(", ");
                let subject =
                    whose.iter().map(|name| format!("{name}::text")).collect::<Vec<_>>().join(" || ' ' || ");
                let sql = format!(
                    "SELECT {subject} AS subject, count(*) AS rows FROM {relation} GROUP BY {by} ORDER BY {by}"
                );
                let read = |row: &Row| {
                    Ok(Rows {
                        system: system.name,
                        table: table.name,
                        subject: row.get("subject")?,
                        rows: row.get("rows")?,
                    })
                };
                all.extend(db.all(&sql, &[], Sees::Snapshot, read)?);
            }
        }
        Ok(all)
    })
}
