//! The settings `pg_regime.*`: each with its default and why, its range, and what it does in its description.

use std::ffi::{CStr, CString};

use pgrx::guc::{GucContext, GucFlags, GucRegistry, GucSetting};

/// Largest `min_hold_bars`, in daily rows.
pub const MAX_HOLD_BARS: i32 = 1000;

/// The market proxy where the source map says which asset it is.
pub const BY_THE_MAP: i32 = -1;

/// Declares the settings, each with its type, its default, the function of pgrx that defines the setting (with the name, the
/// range and the flags), and its two descriptions.
macro_rules! settings {
    ($($(#[$doc:meta])+ $setting:ident: $type:ty = $default:expr,
        $define:ident($name:literal $(, $least:expr, $most:expr)?; $flags:expr), $short:literal, $long:literal;)+) => {
        $($(#[$doc])+ static $setting: GucSetting<$type> = GucSetting::<$type>::new($default);)+

        /// Defines the settings. To be called once, when the library is loaded.
        pub fn define() {
            $(GucRegistry::$define(
                $name, $short, $long, &$setting, $($least, $most,)? GucContext::Userset, $flags,
            );)+
            // SAFETY: called from _PG_init with a constant, NUL-terminated string. PostgreSQL then refuses a misspelt
            // `pg_regime.…` setting instead of keeping it without a word.
            unsafe { pgrx::pg_sys::MarkGUCPrefixReserved(c"pg_regime".as_ptr()) };
        }
    };
}

settings! {
    /// Calendar scheme where a call names none: which weeks and months the bars are of. ISO weeks, Monday to Sunday, are
    /// those of markets that trade every day, such as crypto assets.
    CAL_SCHEME: Option<CString> = Some(c"iso"), define_string_guc(c"pg_regime.cal_scheme"; GucFlags::default()),
        c"Calendar of weekly and monthly bars: a cal_scheme of regime_source (iso, us).",
        c"Used where a function's cal_scheme argument is NULL.";

    /// Consecutive daily rows that a loosening label must be seen on where a call names no number. 3 is the number of
    /// specification 1: one or two days are noise more often than a turn.
    MIN_HOLD_BARS: i32 = 3, define_int_guc(c"pg_regime.min_hold_bars", 0, MAX_HOLD_BARS; GucFlags::default()),
        c"Consecutive daily rows on which a loosening label must be seen before it counts (0 to 1000; 0 holds nothing).",
        c"Used where a function's min_hold_bars argument is NULL.";

    /// Id of the asset that stands for the market. By the source map, since 1 is Bitcoin at CoinMarketCap, whose ids the tables
    /// of the built-in rows have; an asset 1 of other tables may be anything.
    MARKET_PROXY_ID: i32 = BY_THE_MAP, define_int_guc(c"pg_regime.market_proxy_id", BY_THE_MAP, i32::MAX; GucFlags::default()),
        c"Asset that stands for the market when young assets are capped (-1 to 2147483647; 0 is none; -1 is 1 where the daily bars are those of the built-in rows of regime_source, else none).",
        c"Its weekly bars decide whether the caps of assets without a monthly or weekly layer apply.";

    /// Whether the data budget of a row is that of its own time where a call says neither. On: specification 1, section 3; the
    /// budget of the whole history looks ahead.
    POINT_IN_TIME: bool = true, define_bool_guc(c"pg_regime.point_in_time"; GucFlags::default()),
        c"Counts the bars of each row up to its time to decide on tier and layers (on), or those of the whole history (off).",
        c"Used where a function's point_in_time argument is NULL. With off, earlier rows change as bars arrive.";

    /// Schema of the output tables. `public`, so that they are found without a change of `search_path`.
    TARGET_SCHEMA: Option<CString> = Some(c"public"), define_string_guc(c"pg_regime.target_schema"; GucFlags::default()),
        c"Schema of the output tables (an existing schema).",
        c"Refresh writes there, and regime_at and other readers read there.";

    /// Days that entries of the run log are kept. 30 days show a month of scheduled refreshes and stay small.
    RUN_LOG_DAYS: i32 = 30, define_int_guc(c"pg_regime.run_log_days", 0, 3650; GucFlags::default()),
        c"Days that entries of cmc_regime_run_log are kept (0 to 3650; 0 logs nothing).",
        c"Older entries are removed by refreshes.";

    /// Whether commits that change an asset's newest regime notify. Off, since each NOTIFY serialises commits.
    NOTIFY_FLIPS: bool = false, define_bool_guc(c"pg_regime.notify_flips"; GucFlags::default()),
        c"Notifies channel pg_regime_flips, once per transaction, of assets whose newest regime changed (on, off).",
        c"The payload is a JSON list: objects with id, symbol, ts, old and new; ids alone if that is too long.";

    /// Minutes that an unfinished round can be resumed. An hour is longer than the pause between two calls of a scheduler
    /// that work on one round, and short enough that an abandoned round does not hold up the next.
    RESUME_MINUTES: i32 = 60, define_int_guc(c"pg_regime.resume_minutes", 1, 525_600; GucFlags::default()),
        c"Minutes during which an unfinished round of refresh_all_cmc_regimes can be resumed (1 to 525600).",
        c"Later calls begin a new round, with the assets that were refreshed longest ago.";

    /// Seconds after which a row is no longer used, -1 for no limit. No limit, since how often bars come is not known.
    MAX_AGE: i32 = -1, define_int_guc(c"pg_regime.max_age", -1, i32::MAX; GucFlags::UNIT_S),
        c"Age from which a row of cmc_regimes is no longer used (-1 to 2147483647 seconds, or with a unit: '3 d'; -1 is no limit).",
        c"Used where a function's max_age argument is NULL; regime_at and regime_gate then give the tightest policy.";

    /// Seconds that a feed may be later than its own rhythm before its rows are stale, -1 for ever. 0, since the rhythm itself has
    /// a grace of a bar.
    FEED_GRACE: i32 = 0, define_int_guc(c"pg_regime.feed_grace", -1, i32::MAX; GucFlags::UNIT_S),
        c"Time that the next bar may be later than the asset's own bars lead to expect (-1 to 2147483647 seconds, or with a unit: '6 h'; -1 is for ever).",
        c"After that the feed is silent, and its newest rows are stale. -1 is for bars that do not go on, such as those of a study.";

    /// Whether a refresh function ends with an error if a subject failed. Off, since the error of a function undoes what the
    /// call has written for all others; the procedures, which commit, always end so.
    STRICT: bool = false, define_bool_guc(c"pg_regime.strict"; GucFlags::default()),
        c"Ends refresh functions with an error if an asset or series failed, after all others were refreshed (on, off).",
        c"Used where a function's strict argument is NULL. The error undoes the call; the procedures keep what they have committed.";

    /// Whether `market_regimes` and `market_states` get a foreign key to the candles. On, so that a row goes with its candle at once.
    CANDLE_KEY: bool = true, define_bool_guc(c"pg_regime.candle_key"; GucFlags::default()),
        c"Gives market_regimes and market_states a foreign key to the candles, where these are a table with the matching key (on, off).",
        c"A key keeps the candles from being truncated; with off, regime_setup drops the key.";
}

/// A setting of text; `default` where it was reset to NULL.
fn text(setting: &GucSetting<Option<CString>>, default: &CStr) -> String {
    setting.get().as_deref().unwrap_or(default).to_string_lossy().into_owned()
}

/// `pg_regime.cal_scheme`: a calendar scheme of the source map.
pub fn cal_scheme() -> String {
    text(&CAL_SCHEME, c"iso")
}

/// `pg_regime.min_hold_bars`, in daily rows.
pub fn min_hold_bars() -> i32 {
    MIN_HOLD_BARS.get()
}

/// `pg_regime.market_proxy_id`: the id of an asset, 0 for none, or [`BY_THE_MAP`].
pub fn market_proxy_id() -> i32 {
    MARKET_PROXY_ID.get()
}

/// `pg_regime.point_in_time`.
pub fn point_in_time() -> bool {
    POINT_IN_TIME.get()
}

/// Whether a failure ends a refresh: as the call says, else `pg_regime.strict`.
pub fn strict(given: Option<bool>) -> bool {
    given.unwrap_or_else(|| STRICT.get())
}

/// `pg_regime.target_schema`: the name of a schema, not quoted.
pub fn target_schema() -> String {
    text(&TARGET_SCHEMA, c"public")
}

/// `pg_regime.run_log_days`; 0 logs nothing.
pub fn run_log_days() -> i32 {
    RUN_LOG_DAYS.get()
}

/// `pg_regime.notify_flips`.
pub fn notify_flips() -> bool {
    NOTIFY_FLIPS.get()
}

/// `pg_regime.max_age`, in microseconds; `None` is no limit.
pub fn max_age() -> Option<i64> {
    u32::try_from(MAX_AGE.get()).ok().map(|seconds| i64::from(seconds) * 1_000_000)
}

/// `pg_regime.feed_grace`, in microseconds; `None` is no limit.
pub fn feed_grace() -> Option<i64> {
    u32::try_from(FEED_GRACE.get()).ok().map(|seconds| i64::from(seconds) * 1_000_000)
}

/// `pg_regime.resume_minutes`.
pub fn resume_minutes() -> i32 {
    RESUME_MINUTES.get()
}

/// `pg_regime.candle_key`.
pub fn candle_key() -> bool {
    CANDLE_KEY.get()
}
