//! Settings. Each has its default, its range and what it does in its description.

use std::ffi::{CStr, CString};

use pgrx::guc::{GucContext, GucFlags, GucRegistry, GucSetting};

static CAL_SCHEME: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(Some(c"iso"));
static MIN_HOLD_BARS: GucSetting<i32> = GucSetting::<i32>::new(3);
static MARKET_PROXY_ID: GucSetting<i32> = GucSetting::<i32>::new(1);
static TARGET_SCHEMA: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(Some(c"public"));

static RUN_LOG_DAYS: GucSetting<i32> = GucSetting::<i32>::new(30);
static NOTIFY_FLIPS: GucSetting<bool> = GucSetting::<bool>::new(false);
static RESUME_MINUTES: GucSetting<i32> = GucSetting::<i32>::new(60);
static MAX_AGE: GucSetting<i32> = GucSetting::<i32>::new(-1);

/// Most rows that a label can be held for.
pub const MAX_HOLD_BARS: i32 = 1000;

/// Defines the settings; called once when the library is loaded.
pub fn define() {
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
        c"Consecutive daily rows that a loosening label must be seen on (0 to 1000; 0 holds nothing).",
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
        c"Minutes that an unfinished round of refresh_all_cmc_regimes can be gone on with (1 to 525600).",
        c"After that a call begins a new round, with the assets that were refreshed longest ago.",
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
    reserve_prefix();
}

/// Lets a misspelt `pg_regime.…` setting be refused instead of kept without a word.
fn reserve_prefix() {
    // SAFETY: called from _PG_init with a constant, NUL-terminated string.
    unsafe { pgrx::pg_sys::MarkGUCPrefixReserved(c"pg_regime".as_ptr()) };
}

fn text(setting: &GucSetting<Option<CString>>, default: &CStr) -> String {
    setting.get().as_deref().unwrap_or(default).to_string_lossy().into_owned()
}

pub fn cal_scheme() -> String {
    text(&CAL_SCHEME, c"iso")
}

pub fn min_hold_bars() -> i32 {
    MIN_HOLD_BARS.get()
}

pub fn market_proxy_id() -> i32 {
    MARKET_PROXY_ID.get()
}

pub fn target_schema() -> String {
    text(&TARGET_SCHEMA, c"public")
}

pub fn run_log_days() -> i32 {
    RUN_LOG_DAYS.get()
}

pub fn notify_flips() -> bool {
    NOTIFY_FLIPS.get()
}

/// In microseconds; `None` is no limit.
pub fn max_age() -> Option<i64> {
    u32::try_from(MAX_AGE.get()).ok().map(|seconds| i64::from(seconds) * 1_000_000)
}

pub fn resume_minutes() -> i32 {
    RESUME_MINUTES.get()
}
