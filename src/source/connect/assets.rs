//! The assets of a relation that is connected: their names and ids.

use regime_core::connect::fields::Field;

use crate::pg::{
    Error, Result, Sees, attempt, check_may_create, not_in_prerequisite_state, owner, plural, qualified,
    quote_literal, quoted, syscache::relation_oid,
};
use crate::source::assets::{distinct_ids, too_large};
use crate::source::connect::look::Found;
use crate::source::connect::make::Make;
use crate::source::connect::record::NAMES;
use crate::source::connect::sample::where_;
use crate::source::connect::{Line, Step};
use crate::source::dim_assets::DimAssets;

/// The first ids of tables of names are so far apart, so that new symbols of one do not get ids of another.
const APART: i32 = 1_000_000;

/// The statement that gives the symbols of a relation their ids, for a table of names that makes none.
fn by_hand(relation: &str, source: &str) -> String {
    format!(
        "INSERT INTO {relation} (id, symbol) WITH s AS MATERIALIZED {source} SELECT (SELECT coalesce(max(id), 0) FROM {relation}) + row_number() OVER (ORDER BY s.symbol), s.symbol \
         FROM s WHERE NOT EXISTS (SELECT FROM {relation} AS d WHERE d.symbol = s.symbol);"
    )
}

impl Make<'_, '_> {
    /// Makes `dim_assets` beside the relation unless it is there, with all symbols; gives whether it was made.
    pub(super) fn names(&mut self) -> Result<bool> {
        let schema = &self.found.table[0];
        let relation = qualified(schema, "dim_assets");
        let asset = quoted(self.found.needed(Field::Asset));
        let is_there = relation_oid(schema, "dim_assets").is_some();
        if is_there {
            let dim = DimAssets::find(self.db, schema, Sees::Now)?;
            if dim.is_none_or(|dim| dim.id.is_none() || dim.symbol.is_none()) {
                return Err(not_in_prerequisite_state(format!(
                    "{relation} lacks an integer column id or a text column symbol"
                ))
                .detail(format!("Symbols of {} get their ids in dim_assets beside it.", self.found.sql))
                .hint(format!("ALTER TABLE {relation} RENAME TO {};", quoted("dim_assets_before"))));
            }
        } else {
            self.make_names(schema, &relation)?;
        }
        let mut conditions = self.found.conditions.clone();
        conditions.push(format!("{asset} IS NOT NULL"));
        conditions.extend(self.of_day());
        let sql = format!(
            "INSERT INTO {relation} (symbol) SELECT s.symbol FROM (SELECT DISTINCT {asset}::text COLLATE \"C\" AS symbol FROM {}{}) AS s \
             WHERE NOT EXISTS (SELECT FROM {relation} AS d WHERE d.symbol::text COLLATE \"C\" = s.symbol) ORDER BY s.symbol",
            self.found.sql,
            where_(&conditions)
        );
        let insert = || self.insert_names(schema, &relation, &sql);
        // A table of the user's may make no ids, or be another role's.
        let inserted = if is_there { attempt(insert) } else { insert() };
        match (is_there, inserted) {
            (_, Err(error)) => {
                if !is_there {
                    return Err(error);
                }
                let detail =
                    format!("{relation} lacks symbols, and cannot be given them: {}", error.report().message);
                let (sql, conditions) = (&self.found.sql, where_(&conditions));
                let source = format!("(SELECT DISTINCT {asset} AS symbol FROM {sql}{conditions})");
                self.lines.push(Line::new(Step::ToDo, "names", detail).command(by_hand(&relation, &source)));
            }
            (false, Ok(symbols)) => {
                let detail = format!(
                    "{relation}, with {symbols} {}; refreshes add new ones",
                    plural(symbols, "symbol")
                );
                self.tell(Step::Made, "names", detail);
            }
            (true, Ok(0)) => self.tell(Step::Found, "names", format!("{relation} has every symbol")),
            (true, Ok(symbols)) => {
                self.tell(
                    Step::Made,
                    "names",
                    format!("{symbols} {} added to {relation}", plural(symbols, "symbol")),
                );
            }
        }
        Ok(!is_there)
    }

    /// Adds symbols to `dim_assets` by a statement; gives how many.
    fn insert_names(&self, schema: &str, relation: &str, sql: &str) -> Result<u64> {
        owner::hold_for_writing(self.db, &[(schema.to_owned(), "dim_assets")])?;
        let symbols = self.db.execute(sql, &[])?;
        let lacking = format!("SELECT true FROM {relation} WHERE id IS NULL AND symbol IS NOT NULL LIMIT 1");
        match self.db.first(&lacking, &[], Sees::Now, |_| Ok(()))? {
            None => Ok(symbols),
            Some(()) => {
                Err(not_in_prerequisite_state("its column id has no default, and a symbol would have none"))
            }
        }
    }

    /// Makes `dim_assets`, without rows.
    fn make_names(&self, schema: &str, relation: &str) -> Result<()> {
        check_may_create(self.db, schema)?;
        let last = self.others.last().copied().max(self.stored).filter(|last| *last > 0);
        let first = last.map_or(1, |last| (last / APART + 1).saturating_mul(APART).saturating_add(1));
        self.db.execute(
            &format!(
                "CREATE TABLE {relation} (id int GENERATED BY DEFAULT AS IDENTITY (START WITH {first}) PRIMARY KEY, symbol text NOT NULL UNIQUE, \
                 is_active boolean NOT NULL DEFAULT true)"
            ),
            &[],
        )?;
        self.db.execute(&format!("COMMENT ON TABLE {relation} IS {}", quote_literal(NAMES)), &[])?;
        Ok(())
    }

    /// The condition of daily bars, where the relation has bars of several lengths.
    pub(super) fn of_day(&self) -> Option<String> {
        let (column, day) = self.found.column(Field::Timeframe).zip(self.found.day.as_deref())?;
        Some(format!("{} = {}", quoted(column), quote_literal(day)))
    }

    /// The ids of the assets of the relation, ascending.
    pub fn ids(&self) -> Result<Vec<i32>> {
        let mut conditions = self.found.conditions.clone();
        conditions.extend(self.of_day());
        let asset = quoted(self.found.needed(Field::Asset));
        let sql = match self.found.by_symbol {
            false => {
                let condition =
                    if conditions.is_empty() { "true".to_owned() } else { conditions.join(" AND ") };
                distinct_ids(&self.found.sql, &asset, &condition)
            }
            true => format!(
                "SELECT d.id::int8 FROM {} AS d WHERE d.id IS NOT NULL AND d.symbol::text COLLATE \"C\" IN (SELECT DISTINCT {asset}::text COLLATE \"C\" FROM {}{}) ORDER BY 1",
                qualified(&self.found.table[0], "dim_assets"),
                self.found.sql,
                where_(&conditions)
            ),
        };
        let ids: Vec<i64> = self.db.all(&sql, &[], Sees::Now, |row| row.get(0))?;
        let mut fitting = Vec::with_capacity(ids.len());
        for id in ids {
            match i32::try_from(id) {
                Ok(id) => fitting.push(id),
                Err(_) => return Err(self.too_large(id)?),
            }
        }
        Ok(fitting)
    }

    /// The error for an id outside the range of int: as a text, it is given another one.
    fn too_large(&self, id: i64) -> Result<Error> {
        let Found { sql: relation, table: [schema, _], .. } = self.found;
        let view = qualified(schema, "prices_by_text");
        let asset = quoted(self.found.needed(Field::Asset));
        let argument = Some((Field::Asset.as_str(), "symbol_of_text"));
        Ok(too_large(self.db, id)?.hint(format!(
            "CREATE VIEW {view} AS SELECT {asset}::text AS symbol_of_text, p.* FROM {relation} AS p; {}",
            self.asked.call(self.own, &view, argument)
        )))
    }

    /// Refuses assets that are those of other prices: output rows are found by the id.
    pub(super) fn check_others(&self) -> Result<()> {
        if self.others.is_empty() {
            return Ok(());
        }
        let both: Vec<i32> =
            self.ids()?.into_iter().filter(|id| self.others.binary_search(id).is_ok()).collect();
        let Some(last) = both.last() else { return Ok(()) };
        let Found { sql: relation, by_symbol, .. } = self.found;
        let shown: Vec<String> = both.iter().take(10).map(i32::to_string).collect();
        let more = if both.len() > shown.len() { ", …" } else { "" };
        let (assets, are) = if both.len() == 1 { ("asset", "is read") } else { ("assets", "are read") };
        let error = not_in_prerequisite_state(format!(
            "{assets} {}{more} of {relation} {are} from other prices already",
            shown.join(", ")
        ))
        .detail("The rows of an asset are found by its id, and are computed from prices of one relation.");
        let [schema, _] = &self.found.table;
        let view = qualified(if *by_symbol { "prices_of_others" } else { schema }, "prices_of_others");
        let connect = format!("SELECT * FROM {}.regime_connect({}", self.own, quote_literal(&view));
        if *by_symbol {
            return Err(error.hint(format!(
                "CREATE SCHEMA prices_of_others; CREATE VIEW {view} AS SELECT * FROM {relation}; {connect});"
            )));
        }
        let asset = quoted(self.found.needed(Field::Asset));
        let offset = self.others.last().unwrap_or(last);
        Err(error.hint(format!(
            "CREATE VIEW {view} AS SELECT {asset} + {offset} AS asset_id, p.* FROM {relation} AS p; {connect}, asset => 'asset_id');"
        )))
    }
}
