//! Reading their rows beside ours, subject by subject: one join over the subjects of a batch.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use regime_core::compare::Cell;

use crate::output::compare::tally::{Line, lines};
use crate::output::compare::theirs::hidden;
use crate::output::compare::{In, Pair, Subject, Theirs, text_of};
use crate::output::relation::output_relation;
use crate::pg::{
    Arg, Days, Db, Error, Micros, Result, Row, Sees, arg, cardinality_violation, not_null_violation,
    wrong_object_type,
};
use crate::source::assets::too_large;
use crate::source::names;
use crate::source::relation::may_hide_rows;
use crate::sync::table::{Column, Type};

/// Subjects of one statement: few enough that the rows of all that differ fit into memory.
const BATCH: usize = 16;

/// The ids and symbols of assets.
#[derive(Default)]
struct Names {
    symbols: HashMap<i32, String>,
    ids: HashMap<String, i32>,
}

impl Names {
    fn read(db: Db, relation: &str) -> Result<Self> {
        let sql = format!(
            "SELECT d.id::bigint AS id, d.symbol::pg_catalog.text AS symbol FROM {relation} AS d \
             WHERE d.symbol IS NOT NULL AND d.id BETWEEN -2147483648 AND 2147483647 ORDER BY 1, 2"
        );
        let mut names = Self::default();
        db.rows(&sql, &[], Sees::Snapshot, |row| {
            let (id, symbol): (i64, String) = (row.get("id")?, row.get("symbol")?);
            let id = id as i32;
            names.ids.entry(symbol.clone()).or_insert(id);
            names.symbols.entry(id).or_insert(symbol);
            Ok(())
        })?;
        Ok(names)
    }
}

/// What names a subject in their relation, and in ours.
struct Named {
    /// As their relation has it.
    theirs: String,
    id: Option<i32>,
    symbol: Option<String>,
    timeframe: Option<String>,
}

/// Their relation beside ours.
struct Both<'a, 'c> {
    db: Db<'c>,
    theirs: &'a Theirs,
    /// Our relation, as SQL.
    ours: String,
    /// Whether our rows name their assets by ids.
    by_id: bool,
}

/// Compares a relation with the stored rows of its output table, for the assets of the relation, or those of them that are
/// given: for each asset or series the lines of the keys and of each column.
///
/// # Errors
/// Where the output table is missing or may not be read, is the relation itself, or rows may be hidden; where a key is there
/// twice; where symbols cannot be told.
pub fn compare(db: Db, theirs: &Theirs, assets: Option<Vec<i32>>) -> Result<Vec<Line>> {
    let table = theirs.compared.table;
    let ours = output_relation(db, table)?;
    if theirs.sql == ours {
        return Err(wrong_object_type(format!(
            "{ours} is the output table itself, which is not compared with itself"
        ))
        .hint("Pass a table of your own that has the columns of the output table."));
    }
    if may_hide_rows(db, &ours)? {
        return Err(hidden(&ours));
    }
    let by_id = table.scope[0].kind == Type::Int;
    let both = Both { db, theirs, ours, by_id };
    let subjects = both.subjects(assets)?;
    let mut all = Vec::new();
    for batch in subjects.chunks(BATCH) {
        for subject in both.read(batch)? {
            pgrx::check_for_interrupts!();
            let verdicts = (theirs.compared.decide)(db, &subject)?;
            all.extend(lines(theirs, &subject, &verdicts));
        }
    }
    Ok(all)
}

impl Both<'_, '_> {
    /// The subjects of their relation, as far as they are of these assets.
    fn subjects(&self, assets: Option<Vec<i32>>) -> Result<Vec<Named>> {
        let Theirs { sql, asset, tf, by_id, .. } = self.theirs;
        let assets: Option<HashSet<i32>> = assets.map(|assets| assets.into_iter().collect());
        let tf = tf.as_deref().unwrap_or("NULL::pg_catalog.text");
        let asset = if *by_id { format!("{asset}::bigint") } else { asset.clone() };
        let select = format!(
            "SELECT {asset} AS asset, {tf} COLLATE pg_catalog.\"C\" AS tf, \
             pg_catalog.count(*) FILTER (WHERE {}) AS n_unknown FROM {sql} GROUP BY 1, 2 ORDER BY 1, 2",
            self.unknown()
        );
        let mut unknown = 0;
        let found: Vec<(String, Option<i64>, Option<String>)> =
            self.db.all(&select, &[], Sees::Snapshot, |row| {
                let id = if *by_id { row.get::<Option<i64>>(0)? } else { None };
                let symbol = if *by_id { id.map(|id| id.to_string()) } else { row.get(0)? };
                unknown += row.get::<i64>(2)?;
                Ok((symbol.unwrap_or_default(), id, row.get(1)?))
            })?;
        if unknown > 0 {
            return Err(self.no_key(unknown));
        }
        let needed = self.by_id != *by_id || assets.is_some() && !by_id;
        let names = self.names(needed && !found.is_empty())?;
        let mut subjects = Vec::new();
        for (name, id, timeframe) in found {
            let (id, symbol) = match id {
                Some(id) => {
                    let Ok(id) = i32::try_from(id) else { return Err(too_large(self.db, id)?) };
                    (Some(id), names.symbols.get(&id).cloned())
                }
                None => (names.ids.get(&name).copied(), Some(name.clone())),
            };
            let is_asked = assets.as_ref().is_none_or(|assets| id.is_some_and(|id| assets.contains(&id)));
            if is_asked {
                subjects.push(Named { theirs: name, id, symbol, timeframe });
            }
        }
        Ok(subjects)
    }

    /// The names of assets; none where there are none and none are needed.
    fn names(&self, needed: bool) -> Result<Names> {
        let relation = match needed {
            true => {
                let [theirs, ours] = if self.theirs.by_id { ["ids", "symbols"] } else { ["symbols", "ids"] };
                let why = format!("{} names assets by {theirs}, their {ours} are needed", self.theirs.sql);
                let relation = names::needed_symbols(self.db, &why)?;
                if may_hide_rows(self.db, &relation)? {
                    return Err(hidden(&relation));
                }
                Some(relation)
            }
            // Beside ids, symbols are told where they can be.
            false => names::relation_of_symbols(self.db, None).unwrap_or(None),
        };
        relation.map_or_else(|| Ok(Names::default()), |relation| Names::read(self.db, &relation))
    }

    /// The rows of some subjects, in their order.
    fn read(&self, subjects: &[Named]) -> Result<Vec<Subject>> {
        let values = self.theirs.compared.table.values;
        let mut read: Vec<Subject> = subjects
            .iter()
            .map(|named| Subject {
                id: named.id,
                symbol: named.symbol.clone(),
                timeframe: named.timeframe.clone(),
                first_known: vec![None; values.len()],
                ..Subject::default()
            })
            .collect();
        let mut reader = Reader::of(self.theirs);
        let mut last: Option<(usize, Vec<Cell>, Vec<Cell>)> = None;
        self.db.anew().rows(&self.statement(), &self.args(subjects), Sees::Snapshot, |row| {
            let n = row.get::<i64>(0)? as usize - 1;
            let subject = &mut read[n];
            let mut pair = reader.row(row, subject.both)?;
            if pair.of != In::Ours {
                let before = last.take().filter(|(of, ..)| *of == n);
                if before.as_ref().is_some_and(|(_, key, _)| *key == pair.key) {
                    return Err(self.twice(&subjects[n], &pair.key));
                }
                last = Some((n, pair.key.clone(), pair.theirs.clone()));
                pair.before = before.filter(|_| pair.of == In::Theirs).map(|(.., theirs)| theirs);
                let part = pair.key.last().and_then(Cell::text);
                if let Some(part) = part.filter(|part| !subject.their_parts.contains(*part)) {
                    subject.their_parts.insert(part.to_owned());
                }
            }
            if pair.of == In::Both {
                subject.both += 1;
                for (first, theirs) in subject.first_known.iter_mut().zip(&pair.theirs) {
                    if first.is_none() && !matches!(theirs, Cell::Null | Cell::Absent) {
                        *first = Some(pair.place);
                    }
                }
            }
            if pair.of != In::Both || pair.differing().next().is_some() {
                subject.pairs.push(pair);
            }
            Ok(())
        })?;
        Ok(read)
    }

    /// SQL: that a column of the key is NULL.
    fn unknown(&self) -> String {
        let nulls: Vec<String> = self.theirs.named.iter().map(|name| format!("{name} IS NULL")).collect();
        nulls.join(" OR ")
    }

    /// The error for rows that no row of ours can be compared with.
    fn no_key(&self, n: i64) -> Error {
        let Theirs { sql, named, .. } = self.theirs;
        let rows = if n == 1 { "row" } else { "rows" };
        let have = if n == 1 { "has" } else { "have" };
        not_null_violation(format!(
            "{n} {rows} of {sql} {have} NULL in a column of the key ({})",
            named.join(", ")
        ))
        .hint(format!("SELECT * FROM {sql} WHERE {};", self.unknown()))
    }

    /// The error for a key that is there twice.
    fn twice(&self, subject: &Named, key: &[Cell]) -> Error {
        let Theirs { sql, named, .. } = self.theirs;
        let shown: Vec<String> = [Some(subject.theirs.clone()), subject.timeframe.clone()]
            .into_iter()
            .chain(key.iter().map(text_of))
            .flatten()
            .collect();
        let all = named.join(", ");
        cardinality_violation(format!("{sql} has more than one row of the key ({})", shown.join(", ")))
            .hint(format!("SELECT {all}, count(*) FROM {sql} GROUP BY {all} HAVING count(*) > 1;"))
    }

    /// The statement that reads a batch: `$1` and `$3` are the assets as their rows and ours name them, `$2` the timeframes.
    fn statement(&self) -> String {
        let Theirs { compared, key, values, .. } = self.theirs;
        let keys = || 0..key.len();
        let collated = |n: usize| match compared.table.key[n].kind {
            Type::Text => " COLLATE pg_catalog.\"C\"",
            _ => "",
        };
        let both: String = keys().map(|n| format!(", COALESCE(t.k{n}, o.k{n}){}", collated(n))).collect();
        let present = || (0..values.len()).filter(|n| values[*n].is_some());
        let of = |item: &str| present().map(|n| format!(", {item}.v{n}")).collect::<String>();
        let on: String = keys().map(|n| format!(" AND o.k{n} = t.k{n}")).collect();
        let sorted: String = keys().map(|n| format!(", {}", n + 4)).collect();
        format!(
            "SELECT COALESCE(t.n, o.n), t.n IS NOT NULL, o.n IS NOT NULL{both}{}{} \
             FROM ({}) AS t FULL JOIN ({}) AS o ON o.n = t.n{on} ORDER BY 1{sorted}",
            of("t"),
            of("o"),
            self.their_rows(),
            self.our_rows(),
        )
    }

    /// The subjects of a batch, as an item of FROM.
    fn members(&self) -> String {
        let [theirs, ours] =
            [self.theirs.by_id, self.by_id].map(|ids| if ids { "bigint" } else { "pg_catalog.text" });
        format!(
            "ROWS FROM (pg_catalog.unnest($1::{theirs}[]), pg_catalog.unnest($2::pg_catalog.text[]), \
             pg_catalog.unnest($3::{ours}[])) WITH ORDINALITY AS m (theirs, tf, ours, n)"
        )
    }

    /// SQL: that a row is of the timeframe of a subject, where there are timeframes.
    fn of_tf(&self, column: &str) -> String {
        self.theirs.tf.as_ref().map_or_else(String::new, |_| format!(" AND {column} = m.tf"))
    }

    /// Their rows of a batch: the number of the subject, the key, the values that there are; of snapshots the newest.
    fn their_rows(&self) -> String {
        let Theirs { sql, asset, tf, key, values, snapshot, .. } = self.theirs;
        let keys = key.iter().enumerate().map(|(n, key)| format!(", {key} AS k{n}"));
        let values = values.iter().enumerate();
        let values = values.filter_map(|(n, value)| Some(format!(", {} AS v{n}", value.as_ref()?)));
        let others = tf
            .iter()
            .map(|tf| format!(", {tf} AS tf"))
            .chain(snapshot.iter().map(|at| format!(", {at} AS at")));
        let columns: String = keys.chain(values).chain(others).collect();
        let known: String = (0..key.len()).map(|n| format!(" AND r.k{n} IS NOT NULL")).collect();
        let names: String = (0..key.len()).map(|n| format!(", r.k{n}")).collect();
        let (distinct, order) = match snapshot {
            Some(_) => {
                (format!("DISTINCT ON (m.n{names}) "), format!(" ORDER BY m.n{names}, r.at DESC NULLS LAST"))
            }
            None => Default::default(),
        };
        let (members, of_tf) = (self.members(), self.of_tf("r.tf"));
        format!(
            "SELECT {distinct}m.n, r.* FROM {members} JOIN (SELECT {asset} AS asset{columns} FROM {sql}) AS r \
             ON r.asset = m.theirs{of_tf}{known}{order}"
        )
    }

    /// Our rows of a batch, in the same columns.
    fn our_rows(&self) -> String {
        let Theirs { compared, values, .. } = self.theirs;
        let table = compared.table;
        let read = |column: &Column, name: String| {
            format!(", r.{}::{} AS {name}", column.name, read_as(column.kind))
        };
        let keys = table.key.iter().enumerate().map(|(n, column)| read(column, format!("k{n}")));
        let present = table.values.iter().enumerate().filter(|(n, _)| values[*n].is_some());
        let columns: String = keys.chain(present.map(|(n, column)| read(column, format!("v{n}")))).collect();
        let of_tf = table.scope.get(1).map_or_else(String::new, |tf| self.of_tf(&format!("r.{}", tf.name)));
        let (ours, members, asset) = (&self.ours, self.members(), table.scope[0].name);
        format!("SELECT m.n{columns} FROM {members} JOIN {ours} AS r ON r.{asset} = m.ours{of_tf}")
    }

    fn args(&self, subjects: &[Named]) -> [Arg; 3] {
        let ids = || arg(subjects.iter().map(|subject| subject.id.map(i64::from)).collect::<Vec<_>>());
        let symbols = |of: fn(&Named) -> Option<String>| arg(subjects.iter().map(of).collect::<Vec<_>>());
        let tf = symbols(|subject| subject.timeframe.clone());
        let theirs = if self.theirs.by_id { ids() } else { symbols(|subject| Some(subject.theirs.clone())) };
        let ours = if self.by_id { ids() } else { symbols(|subject| subject.symbol.clone()) };
        [theirs, tf, ours]
    }
}

/// The type as which a column of ours is read.
const fn read_as(kind: Type) -> &'static str {
    match kind {
        Type::Int => Type::Float.qualified(),
        kind => kind.qualified(),
    }
}

/// Reads the rows of the statement of a batch.
struct Reader<'a> {
    theirs: &'a Theirs,
    /// Texts that were read, of which there are few.
    texts: HashMap<String, Rc<str>>,
}

impl<'a> Reader<'a> {
    fn of(theirs: &'a Theirs) -> Self {
        Self { theirs, texts: HashMap::new() }
    }

    fn row(&mut self, row: &Row, place: usize) -> Result<Pair> {
        let of = match (row.get(1)?, row.get(2)?) {
            (true, true) => In::Both,
            (true, false) => In::Theirs,
            (false, _) => In::Ours,
        };
        let table = self.theirs.compared.table;
        let mut at = 3;
        let mut key = Vec::with_capacity(table.key.len());
        for column in table.key {
            key.push(self.cell(row, at, column.kind)?);
            at += 1;
        }
        let mut sides = [Vec::with_capacity(table.values.len()), Vec::with_capacity(table.values.len())];
        for side in &mut sides {
            for (column, theirs) in table.values.iter().zip(&self.theirs.values) {
                if theirs.is_none() {
                    side.push(Cell::Absent);
                    continue;
                }
                side.push(self.cell(row, at, column.kind)?);
                at += 1;
            }
        }
        let [theirs, mut ours] = sides;
        for ((ours, theirs), single) in ours.iter_mut().zip(&theirs).zip(&self.theirs.single) {
            if *single {
                *ours = std::mem::replace(ours, Cell::Null).to_single(theirs);
            }
        }
        Ok(Pair { of, place, key, theirs, ours, before: None })
    }

    fn cell(&mut self, row: &Row, at: usize, kind: Type) -> Result<Cell> {
        if row.is_null(at) {
            return Ok(Cell::Null);
        }
        Ok(match kind {
            Type::Timestamptz => Cell::Micros(row.get::<Micros>(at)?.0),
            Type::Date => Cell::Days(row.get::<Days>(at)?.0),
            Type::Int | Type::Float => Cell::Number(row.get(at)?),
            Type::Bool => Cell::Bool(row.get(at)?),
            Type::Text => Cell::Text(self.text(row.get(at)?)),
            Type::TextArray => {
                let texts: Vec<Option<String>> = row.get(at)?;
                Cell::texts(texts.into_iter().flatten().collect())
            }
            Type::FloatArray => {
                let numbers: Vec<Option<f64>> = row.get(at)?;
                Cell::Numbers(numbers.into_iter().map(|n| n.unwrap_or(f64::NAN)).collect())
            }
        })
    }

    fn text(&mut self, text: &str) -> Rc<str> {
        if let Some(known) = self.texts.get(text) {
            return Rc::clone(known);
        }
        let new: Rc<str> = text.into();
        self.texts.insert(text.to_owned(), Rc::clone(&new));
        new
    }
}
