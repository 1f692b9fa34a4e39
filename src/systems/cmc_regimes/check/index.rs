//! Relations without an index that serves the read of one asset: a refresh then walks through rows of other periods and timeframes.

use std::collections::HashSet;

use regime_core::Layer;

use crate::output::finding::Severity;
use crate::pg::{Db, Result, Sees, arg, quote_literal, syscache, timescale};
use crate::source::map::{Source, Sources};
use crate::source::relation::Relation;
use crate::systems::cmc_regimes::check::Complaint;

/// How many rows are walked at least, and how many times those that are wanted, where an index is worth its cost.
const LEAST: i64 = 10_000;
const TIMES: i64 = 4;

/// The complaints about relations of bars and EMAs, by the rows of one asset; each relation once.
///
/// # Errors
/// Where the catalogs or the relations cannot be read.
pub fn complaints(db: Db, sources: &Sources, asset: i32) -> Result<Vec<Complaint>> {
    let (mut seen, mut all) = (HashSet::new(), Vec::new());
    for layer in Layer::ALL {
        let Some(source) = &sources[layer] else { continue };
        for (relation, of_emas) in [(&source.bars, false), (&source.ema, true)] {
            if seen.insert(relation.sql.clone()) {
                all.extend(unserved(db, (source, relation), of_emas, asset)?);
            }
        }
    }
    Ok(all)
}

/// A column by whose value rows are selected, and SQL: whether a row has the value.
struct Selected {
    column: String,
    condition: String,
}

fn unserved(
    db: Db,
    (source, relation): (&Source, &Relation),
    of_emas: bool,
    asset: i32,
) -> Result<Option<Complaint>> {
    let oid = syscache::oid_of(&relation.sql)?;
    if !relation.has_ids || !syscache::is_table(oid) {
        return Ok(None);
    }
    let mut selected =
        vec![Selected { column: relation.id.clone(), condition: relation.is(&asset.to_string()) }];
    selected.extend(relation.tf.as_ref().zip(source.tf.as_deref()).map(|(column, tf)| Selected {
        column: column.clone(),
        condition: format!("{column} = {}", quote_literal(tf)),
    }));
    if of_emas {
        let (column, condition) = source.of_periods();
        selected.push(Selected { column: column.to_owned(), condition });
    }
    let served = served(db, oid, &selected)?;
    let (walked, rest): (Vec<&Selected>, Vec<&Selected>) =
        selected.iter().partition(|selected| served.contains(&selected.column));
    if rest.is_empty() {
        return Ok(None);
    }
    let joined = |all: &[&Selected]| match all {
        [] => "true".to_owned(),
        all => all.iter().map(|selected| selected.condition.as_str()).collect::<Vec<_>>().join(" AND "),
    };
    let sql = format!(
        "SELECT count(*) AS walked, count(*) FILTER (WHERE {}) AS wanted FROM {} WHERE {}",
        joined(&rest),
        relation.sql,
        joined(&walked)
    );
    let count = |db: Db| -> Result<(i64, i64)> {
        db.one(&sql, &[], Sees::Snapshot, |row| Ok((row.get("walked")?, row.get("wanted")?)))
    };
    let (walked, wanted) = count(db.anew())?;
    if walked < LEAST || walked / TIMES < wanted {
        return Ok(None);
    }
    let at_once = syscache::is_partitioned(oid) || timescale::is_hypertable(db, &relation.sql)?;
    let columns: Vec<&str> = selected.iter().map(|selected| selected.column.as_str()).collect();
    let create = format!(
        "CREATE INDEX {}ON {} ({}, {});",
        if at_once { "" } else { "CONCURRENTLY " },
        relation.sql,
        columns.join(", "),
        relation.time
    );
    let kind = format!("no index of {} serves the read of an asset", relation.sql);
    Ok(Some(Complaint {
        place: Some(source.layer.as_str()),
        varying: format!(": {walked} rows are walked for {wanted}, of asset {asset}"),
        n: Some(walked),
        ..Complaint::of_all(Severity::Info, kind).typed(create)
    }))
}

/// Those of the columns that an index begins with, of the index that begins with most of them.
fn served(db: Db, relation: pgrx::pg_sys::Oid, selected: &[Selected]) -> Result<Vec<String>> {
    let sql = "SELECT pg_catalog.array_agg(COALESCE(pg_catalog.quote_ident(a.attname), '') ORDER BY k.n) AS columns \
         FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid JOIN pg_catalog.pg_am AS m ON m.oid = c.relam AND m.amname = 'btree' \
         CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, n) \
         LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number AND k.number > 0 \
         WHERE i.indrelid = $1 AND i.indisvalid AND i.indpred IS NULL AND k.n <= i.indnkeyatts GROUP BY i.indexrelid";
    let indexes: Vec<Vec<String>> =
        db.all(sql, &[arg(relation)], Sees::Snapshot, |row| row.get("columns"))?;
    let is_selected = |column: &&String| selected.iter().any(|selected| selected.column == **column);
    let begins = |columns: Vec<String>| columns.iter().take_while(is_selected).cloned().collect::<Vec<_>>();
    Ok(indexes.into_iter().map(begins).max_by_key(Vec::len).unwrap_or_default())
}
