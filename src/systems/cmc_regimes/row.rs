//! A row of `cmc_regimes`: how it is computed, read, written, compared and shown. [`REGIMES`] names the columns.

use std::borrow::Cow;

use regime_core::Label;
use regime_core::cmc_regimes::policy::Risk;
use regime_core::cmc_regimes::row::Row as Computed;

use crate::pg::{Micros, Result, spi};
use crate::sync::content::Value;
use crate::sync::table::Column;
use crate::systems::cmc_regimes::tables::REGIMES;

/// Text of a row: mostly one of a few words.
type Text = Cow<'static, str>;

/// The number of values of a row.
const VALUES: usize = REGIMES.values.len();

/// The columns of a row except the key and the stamp. `None` is NULL; in adopted rows that have not been refreshed,
/// every column can be NULL.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Labels of L0 to L4.
    pub labels: [Option<Text>; 5],
    pub regime_key: Option<Text>,
    pub size_mult: Option<f64>,
    pub stop_mult: Option<f64>,
    pub orders: Option<Text>,
    pub gross_cap: Option<f64>,
    pub pyramids: Option<bool>,
    pub setups: Option<Vec<String>>,
    pub feature_tier: Option<Text>,
    /// Whether L0, L1 and L2 have enough bars.
    pub enabled: [Option<bool>; 3],
    pub version_hash: Option<Text>,
}

/// A whole row of an asset. Moments are microseconds since 2000.
#[derive(Default)]
pub struct Stored {
    pub id: i32,
    /// `None` where no row is meant.
    pub ts: Option<i64>,
    pub row: Row,
    pub updated_at: Option<i64>,
}

impl Row {
    /// The row that a computation makes, with the label of L4 and the version hash it was given.
    pub fn computed(row: &Computed, l4_label: Option<&str>, version_hash: &str) -> Self {
        let [l0, l1, l2, l3] = row.labels.map(|label| label.map(|l: Label| l.as_str().into())).into_array();
        let [outside_l3, outside_l4] = row.outside.clone().map(|label| label.map(Cow::Owned));
        let [l0_enabled, l1_enabled, l2_enabled, _] = row.budget.enabled.map(Some).into_array();
        Self {
            labels: [
                l0,
                l1,
                l2,
                l3.or(outside_l3),
                l4_label.map(|label| Cow::Owned(label.to_owned())).or(outside_l4),
            ],
            regime_key: Some(row.key_text().into()),
            setups: row.setups.clone(),
            feature_tier: Some(row.budget.tier.as_str().into()),
            enabled: [l0_enabled, l1_enabled, l2_enabled],
            version_hash: Some(Cow::Owned(version_hash.to_owned())),
            ..Self::of_risk(row.risk)
        }
    }

    /// A row of these risk fields; its other columns are NULL.
    pub fn of_risk(risk: Risk) -> Self {
        Self {
            size_mult: Some(risk.size_mult),
            stop_mult: Some(risk.stop_mult),
            orders: Some(risk.orders.as_str().into()),
            gross_cap: Some(risk.gross_cap),
            pyramids: Some(risk.pyramids),
            ..Self::default()
        }
    }

    /// The row of a statement that begins with `REGIMES.selected`.
    ///
    /// # Errors
    /// Where a column is of another type.
    pub fn read(row: &spi::Row) -> Result<Self> {
        let text = |column: usize| -> Result<Option<Text>> {
            Ok(row.get::<Option<String>>(column)?.map(Cow::Owned))
        };
        let setups: Option<Vec<Option<String>>> = row.get(const { place("setups") })?;
        Ok(Self {
            labels: [
                text(const { place("l0_label") })?,
                text(const { place("l1_label") })?,
                text(const { place("l2_label") })?,
                text(const { place("l3_label") })?,
                text(const { place("l4_label") })?,
            ],
            regime_key: text(const { place("regime_key") })?,
            size_mult: row.get(const { place("size_mult") })?,
            stop_mult: row.get(const { place("stop_mult") })?,
            orders: text(const { place("orders") })?,
            gross_cap: row.get(const { place("gross_cap") })?,
            pyramids: row.get(const { place("pyramids") })?,
            setups: setups.map(|setups| setups.into_iter().flatten().collect()),
            feature_tier: text(const { place("feature_tier") })?,
            enabled: [
                row.get(const { place("l0_enabled") })?,
                row.get(const { place("l1_enabled") })?,
                row.get(const { place("l2_enabled") })?,
            ],
            version_hash: text(const { place("regime_version_hash") })?,
        })
    }

    /// The values, in the order of the columns of [`REGIMES`].
    pub fn values(&self) -> [Value<'_>; VALUES] {
        fn text(text: &Option<Text>) -> Value<'_> {
            Value::text(text.as_deref())
        }
        let bool = |value: Option<bool>| value.map_or(Value::Null, Value::Bool);
        let [l0, l1, l2, l3, l4] = self.labels.each_ref().map(text);
        let [l0_enabled, l1_enabled, l2_enabled] = self.enabled.map(bool);
        [
            l0,
            l1,
            l2,
            l3,
            l4,
            text(&self.regime_key),
            Value::float(self.size_mult),
            Value::float(self.stop_mult),
            text(&self.orders),
            Value::float(self.gross_cap),
            bool(self.pyramids),
            self.setups.as_deref().map_or(Value::Null, Value::Texts),
            text(&self.feature_tier),
            l0_enabled,
            l1_enabled,
            l2_enabled,
            text(&self.version_hash),
        ]
    }

    /// Each column with the values of two rows, in the order of the table.
    pub fn beside<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (&'static str, [Value<'a>; 2])> {
        let values = self.values().into_iter().zip(other.values());
        REGIMES.values.iter().zip(values).map(|(column, (a, b))| (column.name, [a, b]))
    }

    /// The columns that differ.
    pub fn differing(&self, other: &Self) -> Vec<&'static str> {
        self.beside(other).filter(|(_, [a, b])| a != b).map(|(column, _)| column).collect()
    }

    /// The row as far as a policy can change it: without the data budget and the version hash.
    pub fn by_policy(self) -> Self {
        Self { feature_tier: None, enabled: [None; 3], version_hash: None, ..self }
    }
}

impl Stored {
    /// The row of a statement that begins with `REGIMES.selected`.
    ///
    /// # Errors
    /// Where a column is of another type, and where a column of the key is NULL.
    pub fn read(row: &spi::Row) -> Result<Self> {
        let updated_at: Option<Micros> = row.get(const { place(REGIMES.stamp) })?;
        Ok(Self {
            id: row.get(const { place("id") })?,
            ts: Some(moment(row)?),
            row: Row::read(row)?,
            updated_at: updated_at.map(|Micros(at)| at),
        })
    }
}

/// The columns that a policy can change, apart from the labels, in the order of [`Row::of_policy`].
macro_rules! policy_columns {
    () => {
        "ts::pg_catalog.timestamptz, regime_key::pg_catalog.text, \
         size_mult::pg_catalog.float8, stop_mult::pg_catalog.float8, orders::pg_catalog.text, \
         gross_cap::pg_catalog.float8, pyramids::boolean, setups::pg_catalog.text[]"
    };
}

/// The time, the key and the policy alone, in the order of [`Stored::read_policy`]: for those who ask once per signal.
pub const POLICY_COLUMNS: &str = policy_columns!();

/// [`POLICY_COLUMNS`], the labels and the version hash, in the order of [`Row::read_by_policy`].
pub const BY_POLICY_COLUMNS: &str = concat!(
    policy_columns!(),
    ", l0_label::pg_catalog.text, l1_label::pg_catalog.text, l2_label::pg_catalog.text, l3_label::pg_catalog.text, \
     l4_label::pg_catalog.text, regime_version_hash::pg_catalog.text"
);

impl Row {
    /// The key and the policy from a statement that begins with [`POLICY_COLUMNS`]; the other columns are NULL.
    fn of_policy(row: &spi::Row) -> Result<Self> {
        let text = |column: usize| -> Result<Option<Text>> {
            Ok(row.get::<Option<String>>(column)?.map(Cow::Owned))
        };
        let setups: Option<Vec<Option<String>>> = row.get(7)?;
        Ok(Self {
            regime_key: text(1)?,
            size_mult: row.get(2)?,
            stop_mult: row.get(3)?,
            orders: text(4)?,
            gross_cap: row.get(5)?,
            pyramids: row.get(6)?,
            setups: setups.map(|setups| setups.into_iter().flatten().collect()),
            ..Self::default()
        })
    }

    /// The row as [`Row::by_policy`] leaves it, from a statement of [`BY_POLICY_COLUMNS`].
    ///
    /// # Errors
    /// Where a column is of another type.
    pub fn read_by_policy(row: &spi::Row) -> Result<Self> {
        let label = |column: usize| -> Result<Option<Text>> {
            Ok(row.get::<Option<String>>(column)?.map(Cow::Owned))
        };
        let labels = [label(8)?, label(9)?, label(10)?, label(11)?, label(12)?];
        Ok(Self { labels, ..Self::of_policy(row)? })
    }
}

/// The version hash of the row of a statement of [`BY_POLICY_COLUMNS`].
///
/// # Errors
/// Where the column is of another type.
pub fn version_hash_by_policy<'r>(row: &'r spi::Row) -> Result<Option<&'r str>> {
    row.get(13_usize)
}

impl Stored {
    /// The row of an asset from a statement of [`POLICY_COLUMNS`]; the other columns are NULL.
    ///
    /// # Errors
    /// Where a column is of another type, and where the time is NULL.
    pub fn read_policy(id: i32, row: &spi::Row) -> Result<Self> {
        Ok(Self { id, ts: Some(policy_moment(row)?), row: Row::of_policy(row)?, updated_at: None })
    }
}

/// The time of the row of a statement of [`POLICY_COLUMNS`], in microseconds since 2000.
///
/// # Errors
/// Where the column is of another type or NULL.
pub fn policy_moment(row: &spi::Row) -> Result<i64> {
    row.get(0_usize).map(|Micros(ts)| ts)
}

/// The time of the row of a statement that begins with `REGIMES.selected`, in microseconds since 2000.
///
/// # Errors
/// Where the column is of another type or NULL.
pub fn moment(row: &spi::Row) -> Result<i64> {
    row.get(const { place("ts") }).map(|Micros(ts)| ts)
}

/// The place of a column in [`Table::selected`](crate::sync::table::Table::selected), counted from 0. A column that the
/// table lacks is an error of the compiler.
const fn place(name: &str) -> usize {
    let lists: [&[Column]; 3] = [REGIMES.scope, REGIMES.key, REGIMES.values];
    let (mut list, mut before) = (0, 0);
    while list < lists.len() {
        let mut column = 0;
        while column < lists[list].len() {
            if is_same(lists[list][column].name, name) {
                return before + column;
            }
            column += 1;
        }
        before += column;
        list += 1;
    }
    assert!(is_same(REGIMES.stamp, name));
    before
}

/// Whether two texts are the same, for constants.
const fn is_same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}
