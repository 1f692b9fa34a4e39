//! What the rows of a table are: scope, key, values, indexes.

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Timestamptz,
    Int,
    Float,
    Bool,
    Text,
    TextArray,
    FloatArray,
    Date,
}

impl Type {
    /// The type in SQL.
    pub const fn sql(self) -> &'static str {
        match self {
            Type::Timestamptz => "timestamptz",
            Type::Int => "int",
            Type::Float => "float8",
            Type::Bool => "boolean",
            Type::Text => "text",
            Type::TextArray => "text[]",
            Type::FloatArray => "float8[]",
            Type::Date => "date",
        }
    }

    /// The type in SQL, whatever the search_path.
    pub const fn qualified(self) -> &'static str {
        match self {
            Type::Timestamptz => "pg_catalog.timestamptz",
            Type::Float => "pg_catalog.float8",
            Type::Text => "pg_catalog.text",
            Type::TextArray => "pg_catalog.text[]",
            Type::FloatArray => "pg_catalog.float8[]",
            Type::Date => "pg_catalog.date",
            // Words of SQL, which are not looked for along the search_path.
            Type::Int | Type::Bool => self.sql(),
        }
    }
}

impl Type {
    /// Whether values are arrays, which parameters hold as texts.
    pub const fn is_array(self) -> bool {
        matches!(self, Type::TextArray | Type::FloatArray)
    }
}

/// A column of an output table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Not quoted, as no name of a column needs it.
    pub name: &'static str,
    /// Its type.
    pub kind: Type,
    /// Whether NULL is ever written.
    pub nullable: bool,
    /// The value of rows from before the column was there, where it has only ever been one.
    pub before: Option<&'static str>,
}

/// How a row that differs is brought to what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnChange {
    /// By an update.
    Update,
    /// By deleting and inserting it: for tables with a further unique key, over which set-wise
    /// updates would stumble.
    Replace,
    /// Rows are one snapshot: where one differs, all are replaced, with one stamp.
    ReplaceAll,
}

/// What the rows of a table are like.
pub struct Table {
    /// Its name, or what it is called.
    pub name: &'static str,
    /// Columns that say whose rows they are; the same for all rows of a write.
    pub scope: &'static [Column],
    /// The other columns of the key. Content is in their order, ascending.
    pub key: &'static [Column],
    /// The columns that are neither of the scope nor of the key.
    pub values: &'static [Column],
    /// Set to the time of the transaction wherever a row changes; empty: there is no such column.
    pub stamp: &'static str,
    /// How a row with other values is replaced.
    pub on_change: OnChange,
    /// Those beside that of the key.
    pub indexes: &'static [Index],
    /// Whether the first column of the key is the time of the row, so that later rows can be written alone.
    pub by_time: bool,
    /// The words that a column may get, where they are few.
    pub words: &'static [(&'static str, &'static [&'static str])],
}

impl Table {
    /// Without columns and indexes; rows are updated in place.
    pub const NEW: Self = Self {
        name: "",
        scope: &[],
        key: &[],
        values: &[],
        stamp: "",
        on_change: OnChange::Update,
        indexes: &[],
        by_time: false,
        words: &[],
    };

    /// All columns with their types, as a list of SELECT from the item `of`, which ends with a dot unless it is empty.
    pub fn selected(&self, of: &str) -> String {
        let lists = [self.scope, self.key, self.values].into_iter().flatten();
        let columns = lists.map(|column| (column.name, column.kind)).chain([(self.stamp, Type::Timestamptz)]);
        columns.map(|(name, kind)| format!("{of}{name}::{}", kind.qualified())).collect::<Vec<_>>().join(", ")
    }

    /// The place of a column of this name among the values; their number where there is none.
    pub fn place(&self, name: &str) -> usize {
        let values = self.values.iter();
        values.take_while(|column| column.name != name).count()
    }

    /// The names of all columns: scope, key, values, stamp.
    pub fn columns(&self) -> impl Iterator<Item = &'static str> {
        let columns = self.scope.iter().chain(self.key).chain(self.values).map(|column| column.name);
        columns.chain((!self.stamp.is_empty()).then_some(self.stamp))
    }
}

/// An index: how it is made, and how an existing one is recognised.
pub struct Index {
    /// What follows the table in CREATE INDEX: columns, and the condition of a partial index.
    pub on: &'static str,
    /// The columns of an index that serves as well, in any order.
    pub columns: &'static [&'static str],
    /// Whether the index has a condition.
    pub partial: bool,
}

/// A column that is never NULL.
pub const fn column(name: &'static str, kind: Type) -> Column {
    Column { name, kind, nullable: false, before: None }
}

/// A column that may be NULL.
pub const fn nullable(name: &'static str, kind: Type) -> Column {
    Column { name, kind, nullable: true, before: None }
}
