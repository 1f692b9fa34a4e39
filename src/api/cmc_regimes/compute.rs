//! `regime_compute`: the rows that a refresh would write, without writing.

use std::borrow::Cow;

use pgrx::prelude::*;

use crate::api::cmc_regimes::row::{returns_rows, row_of};
use crate::api::cmc_regimes::{given, names};
use crate::api::{Result, TableIterator, micros, timestamp};
use crate::pg::asset::Asset;
use crate::pg::{json::JsonText, spi};
use crate::systems::cmc_regimes::engine::Engine;
use crate::systems::cmc_regimes::params::Hysteresis;
use crate::systems::cmc_regimes::profiles;
use crate::systems::cmc_regimes::refresh::rows;
use crate::systems::cmc_regimes::row::Stored;
use crate::systems::cmc_regimes::tables::TF;

returns_rows! {
    /// The rows of an asset as a refresh would write them, from what was known at `as_of`. Specification 2, section
    /// Refresh.
    fn regime_compute(
        asset: Option<Asset>,
        cal_scheme: default!(Option<String>, "NULL"),
        policy: default!(Option<String>, "NULL"),
        hysteresis: default!(Option<bool>, "NULL"),
        hysteresis_mode: default!(Option<String>, "NULL"),
        min_hold_bars: default!(Option<i32>, "NULL"),
        min_bars_l0: default!(Option<i32>, "NULL"),
        min_bars_l1: default!(Option<i32>, "NULL"),
        min_bars_l2: default!(Option<i32>, "NULL"),
        l4_label: default!(Option<String>, "NULL"),
        as_of: default!(Option<TimestampWithTimeZone>, "NULL"),
        rules: default!(Option<JsonText>, "NULL"),
        point_in_time: default!(Option<bool>, "NULL"),
        config: default!(Option<JsonText>, "NULL"),
    ) {
        let id = names::one(asset, cal_scheme.as_deref())?;
        let hysteresis = Hysteresis { on: hysteresis, mode: hysteresis_mode, min_hold_bars };
        let min_bars = [min_bars_l0, min_bars_l1, min_bars_l2];
        let given = given([cal_scheme, policy, l4_label], hysteresis, min_bars, point_in_time, config)?;
        let rules = rules.map(|r| r.parse()).transpose()?;
        let (outcome, said) = spi::connect(|db| {
            let (setup, _) = profiles::load(db, id, &given, rules.as_ref())?;
            let engine = Engine::new(db, setup, as_of.map(micros));
            let outcome = engine.compute(id)?;
            let said = rows::said(&outcome, &engine.params, engine.version_hash());
            Ok((outcome, said))
        })?;
        let updated_at = Some(micros(now()));
        Ok(TableIterator::new(outcome.ts.into_iter().zip(outcome.row).map(move |(ts, row)| {
            let row = said[row as usize].clone();
            row_of!(Stored { id, ts: Some(ts), row, updated_at })
        })))
    }
}
