//! What columns of the source map must be, and how they are read.

/// The field of the map that names the column of the asset of bars.
pub const BARS_ID: &str = "bars_id_column";

/// What a column must be, and how it is read.
#[derive(Clone, Copy)]
pub enum Kind {
    /// Compared with the asset id, or with its symbol.
    Id,
    /// Compared with the symbol.
    Symbol,
    /// Read as an `int4`.
    Int,
    /// Compared with the timeframe.
    Text,
    /// Read as `timestamptz`, by the clock of the row.
    Time,
    /// Read as `timestamptz`, by the clock of the row without its shift.
    Known,
    /// Read as `text`, of any type of words ([`Column::is_word`](crate::pg::Column::is_word)).
    Label,
    /// Read as `float8`, or as `numeric` where the column is one: the cast of PostgreSQL from `numeric` to `float8` goes
    /// through text. A numeric out of range is unknown. A text is cast.
    Number,
}

impl Kind {
    /// Whether a column of a type, without its length or precision, can be read.
    pub(super) fn reads(self, base_type: &str) -> bool {
        match self {
            Kind::Number if is_text(base_type) => true,
            Kind::Time | Kind::Known if matches!(base_type, "integer" | "bigint") => true,
            Kind::Id if is_text(base_type) => true,
            _ => self.is_usual(base_type),
        }
    }

    /// Whether a column of a type is what is usually mapped.
    pub(super) fn is_usual(self, base_type: &str) -> bool {
        match self {
            Kind::Id | Kind::Int => matches!(base_type, "integer" | "bigint" | "smallint"),
            Kind::Symbol | Kind::Text | Kind::Label => {
                matches!(base_type, "text" | "character varying" | "character")
            }
            Kind::Number => {
                matches!(
                    base_type,
                    "double precision" | "real" | "numeric" | "integer" | "bigint" | "smallint"
                )
            }
            Kind::Time | Kind::Known => {
                matches!(base_type, "timestamp without time zone" | "date" | "timestamp with time zone")
            }
        }
    }

    /// The type that a column should have.
    pub(super) const fn wanted(self) -> &'static str {
        match self {
            Kind::Id | Kind::Int => "integer",
            Kind::Symbol | Kind::Text | Kind::Label => "text",
            Kind::Number => "double precision",
            Kind::Time | Kind::Known => "timestamp with time zone",
        }
    }
}

/// Whether a type is a text that is read as another type too.
pub(super) fn is_text(base_type: &str) -> bool {
    matches!(base_type, "text" | "character varying")
}

/// A column that the map names.
pub struct Mapped<'a> {
    /// The field of the map.
    pub field: &'a str,
    /// The value of the field: the name of the column, not quoted.
    pub name: &'a str,
    /// How the column is read.
    pub kind: Kind,
}

/// The columns that the fields of a row of the map name, in the order of the fields.
pub fn mapped<'a, const N: usize>(
    fields: &'a [(&'static str, Kind); N],
    names: &'a [String; N],
) -> Vec<Mapped<'a>> {
    fields.iter().zip(names).map(|((field, kind), name)| Mapped { field, name, kind: *kind }).collect()
}
