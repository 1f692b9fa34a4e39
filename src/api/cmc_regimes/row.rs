//! Functions that return rows of `cmc_regimes`.

/// Declares such a function. The further columns of its result come after `plus`: those before the row's label, and those
/// after its policy. Where there are some, what is read daily comes first; else the columns have the order of the table.
macro_rules! returns_rows {
    ($(#[$attribute:meta])* fn $name:ident ($($arguments:tt)*) $body:block) => {
        $(#[$attribute])*
        #[pg_extern(stable, parallel_restricted)]
        fn $name($($arguments)*) -> Result<
            TableIterator<(
                    name!(id, i32),
                    name!(ts, Option<TimestampWithTimeZone>),
                    name!(tf, &'static str),
                    name!(l0_label, Option<String>),
                    name!(l1_label, Option<String>),
                    name!(l2_label, Option<String>),
                    name!(l3_label, Option<String>),
                    name!(l4_label, Option<String>),
                    name!(regime_key, Option<String>),
                    name!(size_mult, Option<f64>),
                    name!(stop_mult, Option<f64>),
                    name!(orders, Option<String>),
                    name!(gross_cap, Option<f64>),
                    name!(pyramids, Option<bool>),
                    name!(setups, Option<Vec<String>>),
                    name!(feature_tier, Option<String>),
                    name!(l0_enabled, Option<bool>),
                    name!(l1_enabled, Option<bool>),
                    name!(l2_enabled, Option<bool>),
                    name!(regime_version_hash, Option<String>),
                    name!(updated_at, Option<TimestampWithTimeZone>),
                ),
            >> $body
    };
    (
        $(#[$attribute:meta])* fn $name:ident ($($arguments:tt)*)
        plus [$($before:tt)*] [$($after:tt)*] $body:block
    ) => {
        $(#[$attribute])*
        #[pg_extern(stable, parallel_restricted)]
        fn $name($($arguments)*) -> Result<
            TableIterator<(
                    name!(id, i32),
                    $($before)*
                    name!(ts, Option<TimestampWithTimeZone>),
                    name!(regime_key, Option<String>),
                    name!(size_mult, Option<f64>),
                    name!(stop_mult, Option<f64>),
                    name!(orders, Option<String>),
                    name!(setups, Option<Vec<String>>),
                    name!(gross_cap, Option<f64>),
                    name!(pyramids, Option<bool>),
                    $($after)*
                    name!(l0_label, Option<String>),
                    name!(l1_label, Option<String>),
                    name!(l2_label, Option<String>),
                    name!(l3_label, Option<String>),
                    name!(l4_label, Option<String>),
                    name!(feature_tier, Option<String>),
                    name!(l0_enabled, Option<bool>),
                    name!(l1_enabled, Option<bool>),
                    name!(l2_enabled, Option<bool>),
                    name!(regime_version_hash, Option<String>),
                    name!(updated_at, Option<TimestampWithTimeZone>),
                    name!(tf, &'static str),
                ),
            >> $body
    };
}

/// A stored row as such a function returns it, with the values of its further columns.
macro_rules! row_of {
    ($stored:expr) => {{
        let Stored { id, ts, row, updated_at } = $stored;
        let text = |text: Option<Cow<'static, str>>| text.map(Cow::into_owned);
        let [l0, l1, l2, l3, l4] = row.labels.map(text);
        let [l0_enabled, l1_enabled, l2_enabled] = row.enabled;
        (
            id,
            ts.and_then(timestamp),
            TF,
            l0,
            l1,
            l2,
            l3,
            l4,
            text(row.regime_key),
            row.size_mult,
            row.stop_mult,
            text(row.orders),
            row.gross_cap,
            row.pyramids,
            row.setups,
            text(row.feature_tier),
            l0_enabled,
            l1_enabled,
            l2_enabled,
            text(row.version_hash),
            updated_at.and_then(timestamp),
        )
    }};
    ($stored:expr, [$($before:expr)?] [$($after:expr),*]) => {{
        let Stored { id, ts, row, updated_at } = $stored;
        let text = |text: Option<Cow<'static, str>>| text.map(Cow::into_owned);
        let [l0, l1, l2, l3, l4] = row.labels.map(text);
        let [l0_enabled, l1_enabled, l2_enabled] = row.enabled;
        (
            id,
            $($before,)?
            ts.and_then(timestamp),
            text(row.regime_key),
            row.size_mult,
            row.stop_mult,
            text(row.orders),
            row.setups,
            row.gross_cap,
            row.pyramids,
            $($after,)*
            l0,
            l1,
            l2,
            l3,
            l4,
            text(row.feature_tier),
            l0_enabled,
            l1_enabled,
            l2_enabled,
            text(row.version_hash),
            updated_at.and_then(timestamp),
            TF,
        )
    }};
}

pub(super) use {returns_rows, row_of};
