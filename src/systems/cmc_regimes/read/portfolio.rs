//! What the regimes in force make of weights of assets.

use regime_core::cmc_regimes::policy::Risk;
use regime_core::math::number::in_sql;

use crate::pg::{Db, Error, Result, invalid_parameter, null_argument};
use crate::systems::cmc_regimes::read::as_of::{self, Columns, InForce};

/// An asset of a portfolio, or all of it.
pub struct Position {
    /// `None` for the whole.
    pub id: Option<i32>,
    pub weight: f64,
    /// `None` for the whole, as the policy and the setups.
    pub regime_key: Option<String>,
    /// The weight times the size of the policy; of the whole, the sum.
    pub exposure: f64,
    /// The exposure without its sign; of the whole, the sum.
    pub gross: f64,
    pub risk: Option<Risk>,
    pub setups: Option<Vec<String>>,
    pub is_stale: bool,
}

/// The weights, one for each of as many assets.
///
/// # Errors
/// Another number of weights, and a weight that is NULL or not finite.
pub fn weights(given: Option<Vec<Option<f64>>>, assets: usize) -> Result<Vec<f64>> {
    let given = given.ok_or_else(|| null_argument("weights"))?;
    let wrong = |message: String| -> Error {
        invalid_parameter(message).hint(
            "Pass assets => ARRAY['A', 'B'], weights => ARRAY[0.6, 0.4], a finite number for each asset.",
        )
    };
    if given.len() != assets {
        return Err(wrong(format!("weights has {} elements, and assets has {assets}", given.len())));
    }
    let finite = |(n, weight): (usize, Option<f64>)| {
        let shown = weight.map_or("NULL".to_owned(), in_sql);
        weight
            .filter(|weight| weight.is_finite())
            .ok_or_else(|| wrong(format!("weight {} is {shown}", n + 1)))
    };
    given.into_iter().enumerate().map(finite).collect()
}

/// Each position under the regime in force at a moment, and the whole last. An asset without a usable row has the tightest policy.
///
/// # Errors
/// Where rows cannot be read.
pub fn portfolio(db: Db, positions: &[(i32, f64)], at: i64) -> Result<Vec<Position>> {
    let limit = as_of::limit(None)?;
    let mut all = Vec::with_capacity(positions.len() + 1);
    for &(id, weight) in positions {
        pgrx::check_for_interrupts!();
        let InForce { row, regime_key, risk, stale, .. } = as_of::at(db, id, at, limit, Columns::All)?;
        let exposure = weight * risk.size_mult;
        all.push(Position {
            id: Some(id),
            weight,
            regime_key: Some(regime_key),
            exposure,
            gross: exposure.abs(),
            risk: Some(risk),
            setups: row.row.setups,
            is_stale: stale.is_some(),
        });
    }
    let sum = |of: fn(&Position) -> f64| all.iter().map(of).fold(0.0, |sum, of| sum + of);
    let whole = Position {
        id: None,
        weight: sum(|position| position.weight),
        regime_key: None,
        exposure: sum(|position| position.exposure),
        gross: sum(|position| position.gross),
        risk: None,
        setups: None,
        is_stale: all.iter().any(|position| position.is_stale),
    };
    all.push(whole);
    Ok(all)
}
