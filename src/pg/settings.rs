//! The settings `pg_regime.*`: each with its default and why, its range, and what it does in its description.

use std::ffi::{CStr, CString};

use pgrx::guc::{GucContext, GucFlags, GucRegistry, GucSetting};

/// Calendar scheme where a call names none: which weeks and months the bars are of. ISO weeks, Monday to Sunday, are
/// those of markets that trade every day, such as crypto assets.
static CAL_SCHEME: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(Some(c"iso"));

/// Consecutive daily rows that a loosening label must be seen on where a call names no number. 3 is the number of
/// specification 1: one or two days are noise more often than a turn.
static MIN_HOLD_BARS: GucSetting<i32> = GucSetting::<i32>::new(3);

/// Id of the asset that stands for the market. 1 is Bitcoin at CoinMarketCap, whose ids the tables of bars have.
static MARKET_PROXY_ID: GucSetting<i32> = GucSetting::<i32>::new(1);

/// Whether the data budget of a row is that of its own time where a call says neither. On: specification 1, section 3; the
/// budget of the whole history looks ahead.
static POINT_IN_TIME: GucSetting<bool> = GucSetting::<bool>::new(true);

/// Schema of the output tables. `public`, so that they are found without a change of `search_path`.
static TARGET_SCHEMA: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(Some(c"public"));

/// Days that entries of the run log are kept. 30 days show a month of scheduled refreshes and stay small.
static RUN_LOG_DAYS: GucSetting<i32> = GucSetting::<i32>::new(30);

/// Whether commits that change an asset's newest regime notify. Off, since each NOTIFY serialises commits.
static NOTIFY_FLIPS: GucSetting<bool> = GucSetting::<bool>::new(false);

/// Minutes that an unfinished round can be resumed. An hour is longer than the pause between two calls of a scheduler
/// that work on one round, and short enough that an abandoned round does not hold up the next.
static RESUME_MINUTES: GucSetting<i32> = GucSetting::<i32>::new(60);

/// Seconds after which a row is no longer used, -1 for no limit. No limit, since how often bars come is not known.
static MAX_AGE: GucSetting<i32> = GucSetting::<i32>::new(-1);

/// Whether `market_regimes` and `market_states` get a foreign key to the candles. On, so that a row goes with its candle at once.
static CANDLE_KEY: GucSetting<bool> = GucSetting::<bool>::new(true);

/// Largest `min_hold_bars`, in daily rows.
pub const MAX_HOLD_BARS: i32 = 1000;

/// Defines the settings. To be called once, when the library is loaded.
pub fn define() {
    define_of_computing();
    define_of_writing_and_reading();
    reserve_prefix();
}

/// What rows are computed with.
fn define_of_computing() {
    GucRegistry::define_string_guc(
        c"pg_regime.cal_scheme",
        c"Calendar of weekly and monthly bars: a cal_scheme of regime_source (iso, us).",
        c"Used where a function's cal_scheme argument is NULL.",
        &CAL_SCHEME,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"pg_regime.min_hold_bars",
        c"Consecutive daily rows on which a loosening label must be seen before it counts (0 to 1000; 0 holds nothing).",
        c"Used where a function's min_hold_bars argument is NULL.",
        &MIN_HOLD_BARS,
        0,
        MAX_HOLD_BARS,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"pg_regime.market_proxy_id",
        c"Asset that stands for the market when young assets are capped (0 to 2147483647).",
        c"Its weekly bars decide whether the caps of assets without a monthly or weekly layer apply.",
        &MARKET_PROXY_ID,
        0,
        i32::MAX,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_bool_guc(
        c"pg_regime.point_in_time",
        c"Counts the bars of each row up to its time to decide on tier and layers (on), or those of the whole history (off).",
        c"Used where a function's point_in_time argument is NULL. With off, earlier rows change as bars arrive.",
        &POINT_IN_TIME,
        GucContext::Userset,
        GucFlags::default(),
    );
}

/// Where rows are written, what is told of a refresh, and which rows are still used.
fn define_of_writing_and_reading() {
    GucRegistry::define_string_guc(
        c"pg_regime.target_schema",
        c"Schema of the output tables (an existing schema).",
        c"Refresh writes there, and regime_at and other readers read there.",
        &TARGET_SCHEMA,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"pg_regime.run_log_days",
        c"Days that entries of cmc_regime_run_log are kept (0 to 3650; 0 logs nothing).",
        c"Older entries are removed by refreshes.",
        &RUN_LOG_DAYS,
        0,
        3650,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_bool_guc(
        c"pg_regime.notify_flips",
        c"Notifies channel pg_regime_flips, once per transaction, of assets whose newest regime changed (on, off).",
        c"The payload is a JSON list: objects with id, old and new; ids alone if that is too long.",
        &NOTIFY_FLIPS,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"pg_regime.resume_minutes",
        c"Minutes during which an unfinished round of refresh_all_cmc_regimes can be resumed (1 to 525600).",
        c"Later calls begin a new round, with the assets that were refreshed longest ago.",
        &RESUME_MINUTES,
        1,
        525_600,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"pg_regime.max_age",
        c"Age from which a row of cmc_regimes is no longer used (-1 to 2147483647 seconds, or with a unit: '3 d'; -1 is no limit).",
        c"Used where a function's max_age argument is NULL; regime_at and regime_gate then give the tightest policy.",
        &MAX_AGE,
        -1,
        i32::MAX,
        GucContext::Userset,
        GucFlags::UNIT_S,
    );
    GucRegistry::define_bool_guc(
        c"pg_regime.candle_key",
        c"Gives market_regimes and market_states a foreign key to the candles, where these are a table with the matching key (on, off).",
        c"A key keeps the candles from being truncated; with off, regime_setup drops the key.",
        &CANDLE_KEY,
        GucContext::Userset,
        GucFlags::default(),
    );
}

/// Makes PostgreSQL refuse a misspelt `pg_regime.…` setting instead of keeping it without a word.
fn reserve_prefix() {
    // SAFETY: called from _PG_init with a constant, NUL-terminated string.
    unsafe { pgrx::pg_sys::MarkGUCPrefixReserved(c"pg_regime".as_ptr()) };
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

/// `pg_regime.market_proxy_id`: the id of an asset.
pub fn market_proxy_id() -> i32 {
    MARKET_PROXY_ID.get()
}

/// `pg_regime.point_in_time`.
pub fn point_in_time() -> bool {
    POINT_IN_TIME.get()
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

/// `pg_regime.resume_minutes`.
pub fn resume_minutes() -> i32 {
    RESUME_MINUTES.get()
}

/// `pg_regime.candle_key`.
pub fn candle_key() -> bool {
    CANDLE_KEY.get()
}
