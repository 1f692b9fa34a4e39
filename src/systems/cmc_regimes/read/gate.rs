//! What the regime makes of one signal: whether it may be entered, how large, and why.

use regime_core::cmc_regimes::policy::{Risk, STAND_DOWN};
use regime_core::math::number::in_sql;

use crate::pg::{Db, Result, invalid_parameter, null_argument, shown, utc};
use crate::sync::content::braced;
use crate::systems::cmc_regimes::read::as_of::{self, Columns, InForce, Stale};

/// What of a signal a regime decides on.
pub struct Signal<'a> {
    pub asset: i32,
    /// Microseconds since 2000.
    pub at: i64,
    /// `None` skips the check of setups.
    pub setup: Option<&'a str>,
    /// The size without a regime.
    pub base_size: f64,
}

/// What the regime decides.
pub struct Verdict {
    pub allowed: bool,
    /// The size with the regime, 0 for a signal that is not allowed.
    pub size: f64,
    pub risk: Risk,
    /// `None` where the regime was not applied.
    pub regime_key: Option<String>,
    pub reason: String,
}

/// The size without a regime, checked.
///
/// # Errors
/// Where the size is NULL, negative, infinite or NaN.
pub fn check_size(base_size: Option<f64>) -> Result<f64> {
    let size = base_size.ok_or_else(|| null_argument("base_size"))?;
    if size.is_finite() && size >= 0.0 {
        return Ok(size);
    }
    Err(invalid_parameter(format!("base_size is {}, not a number from 0 up", in_sql(size)))
        .hint("Pass base_size => the size without a regime, such as 1; the direction is the signal's own."))
}

/// The verdict on a signal to which no regime applies: unchanged.
pub fn without_regime(base_size: f64) -> Verdict {
    Verdict {
        allowed: true,
        size: base_size,
        risk: Risk { stop_mult: 1.0, ..Risk::START },
        regime_key: None,
        reason: "regime not applied".to_owned(),
    }
}

/// The verdict on a signal by the row in force, which must not be older than `limit` microseconds.
///
/// # Errors
/// Those of [`as_of::at`].
pub fn judge(db: Db, signal: &Signal, limit: Option<i64>) -> Result<Verdict> {
    let row = as_of::at(db, signal.asset, signal.at, limit, Columns::Policy)?;
    let size = signal.base_size * row.risk.size_mult;
    let is_whole = row.stale.is_some()
        || row.row.row.setups.is_some()
        || as_of::may_leave_setups_open(db, &row.regime_key)?;
    let obstacle = match is_whole {
        true => obstacle(signal, &row, size),
        false => Some(format!("setups of {} are missing: refresh the asset", row.regime_key)),
    };
    Ok(Verdict {
        allowed: obstacle.is_none(),
        size: if obstacle.is_none() { size } else { 0.0 },
        risk: row.risk,
        reason: obstacle.unwrap_or_else(|| "allowed".to_owned()),
        regime_key: Some(row.regime_key),
    })
}

/// Why the signal is not allowed; `None` if it is.
fn obstacle(signal: &Signal, in_force: &InForce, size: f64) -> Option<String> {
    if let Some(stale) = in_force.stale {
        return Some(match (stale, in_force.age) {
            (Stale::Missing, _) => format!("no regime at or before {}", utc(signal.at)),
            (Stale::TooOld(limit), Some(age)) => {
                format!("regime is {} old, max_age {}", shown(age), shown(limit))
            }
            (Stale::TooOld(limit), None) => {
                format!("age of the regime is unknown at {}, max_age {}", utc(signal.at), shown(limit))
            }
            (Stale::Silent(due), _) => {
                let ts = in_force.row.ts.map(utc).unwrap_or_default();
                format!("feed silent: the newest regime is of {ts}, the next was due by {}", utc(due))
            }
            (Stale::Unusable, _) => "the row in force has no usable policy: refresh the asset".to_owned(),
        });
    }
    let key = &in_force.regime_key;
    if let Some(setups) = &in_force.row.row.setups {
        // `stand_down` from any layer blocks every setup.
        if setups.iter().any(|setup| setup == STAND_DOWN) {
            return Some(format!("{key} stands down"));
        }
        if let Some(setup) = signal.setup.filter(|setup| !setups.iter().any(|s| s == setup)) {
            return Some(format!("setup {setup} is not among {} of {key}", braced(setups)));
        }
    }
    if signal.base_size == 0.0 {
        return Some("base_size is 0".to_owned());
    }
    // A product of finite factors can overflow to infinity or underflow to 0.
    (!size.is_finite() || size <= 0.0).then(|| format!("size_mult of {key} is {}", in_force.risk.size_mult))
}
