//! Laws of backtests, against the equity computed from the shares that are held.

use crate::common::{ODD, cases};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use regime_core::cmc_regimes::backtest::{Bar, bars, summary};

/// A close and a size for each row; few are unknown.
fn rows() -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
    let close = prop_oneof![12 => 0.5..2.0, 1 => select(vec![f64::NAN, 0.0, -1.0])];
    let size = prop_oneof![6 => 0.0..=1.0, 2 => select(vec![0.0, 1.0]), 1 => Just(f64::NAN)];
    vec((close, size), 0..60).prop_map(|rows| rows.into_iter().unzip())
}

fn near(got: f64, expected: f64) -> bool {
    (got - expected).abs() <= 1e-9 * expected.abs().max(1.0)
}

/// The bars as text, so that NaN equals NaN.
fn text(bars: &[Bar]) -> Vec<String> {
    bars.iter().map(|bar| format!("{bar:?}")).collect()
}

/// The equity at each known close but the first, and what is traded for each bar, by units of the asset and cash.
fn naive(close: &[f64], size: &[f64], cost: f64) -> Vec<(usize, f64, f64)> {
    let (mut cash, mut units, mut last) = (1.0, 0.0, None::<usize>);
    let mut all = Vec::new();
    for (row, price) in close.iter().enumerate().filter(|(_, price)| **price > 0.0) {
        if let Some(last) = last {
            let (price_before, wanted) = (close[last], if size[last] > 0.0 { size[last] } else { 0.0 });
            let equity = cash + units * price_before;
            let traded = wanted * equity - units * price_before;
            let paid = traded.abs() * cost;
            // What the trade costs is taken from the asset and the cash alike.
            let left = (equity - paid) / equity;
            units = wanted * equity * left / price_before;
            cash = (equity - wanted * equity) * left;
            all.push((row, cash + units * price, traded.abs() / equity));
        }
        last = Some(row);
    }
    all
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn the_equity_is_that_of_units_and_cash((close, size) in rows(), cost_bps in 0.0..300.0) {
        let got = bars(&close, &size, cost_bps);
        let expected = naive(&close, &size, cost_bps / 1e4);
        let whole = naive(&close, &vec![1.0; close.len()], cost_bps / 1e4);
        prop_assert_eq!(got.len(), expected.len());
        for ((bar, (row, equity, traded)), (_, plain, _)) in got.iter().zip(&expected).zip(&whole) {
            prop_assert_eq!(bar.row, *row);
            prop_assert!(near(bar.equity[0], *equity) && near(bar.equity[1], *plain), "{:?}", bar);
            prop_assert!(near(bar.traded, *traded), "{:?}, not {}", bar, traded);
        }
        // A drawdown is from the greatest height, the start included.
        for which in [0, 1] {
            let height = |to: usize| got[..to].iter().map(|bar| bar.equity[which]).fold(1.0, f64::max);
            for (n, bar) in got.iter().enumerate() {
                prop_assert!(near(bar.drawdown[which], 1.0 - bar.equity[which] / height(n + 1)));
            }
            let largest = got.iter().map(|bar| bar.drawdown[which]).fold(0.0, f64::max);
            let found = summary(&got, 365.0, cost_bps);
            prop_assert!(found.is_none_or(|found| near(found.performance[which].max_drawdown, largest)));
        }
    }

    /// What comes later changes no bar, nor does the size of the row at whose close a bar ends.
    #[test]
    fn later_rows_change_no_earlier_bar(
        (close, size) in rows(),
        cut in 0usize..60,
        later in vec((select(ODD.to_vec()), select(ODD.to_vec())), 60),
        cost_bps in 0.0..300.0,
    ) {
        let cut = cut.min(close.len());
        let all = text(&bars(&close, &size, cost_bps));
        let within = bars(&close, &size, cost_bps).iter().filter(|bar| bar.row < cut).count();
        let short = text(&bars(&close[..cut], &size[..cut], cost_bps));
        prop_assert_eq!(&short[..], &all[..within]);
        let (mut other_close, mut other_size) = (close.clone(), size.clone());
        for row in cut..close.len() {
            (other_close[row], other_size[row]) = later[row];
        }
        // The size of the last row before the cut is held only over the bar after it.
        if let Some(last) = cut.checked_sub(1) {
            other_size[last] = later[last].1;
        }
        prop_assert_eq!(&text(&bars(&other_close, &other_size, cost_bps))[..within], &all[..within]);
    }

    #[test]
    fn all_of_it_is_the_asset((close, _) in rows(), cost_bps in 0.0..300.0) {
        let got = bars(&close, &vec![1.0; close.len()], cost_bps);
        for bar in &got {
            prop_assert!(near(bar.equity[0], bar.equity[1]) && near(bar.returns[0], bar.returns[1]), "{:?}", bar);
        }
        if let Some(found) = summary(&got, 252.0, cost_bps) {
            prop_assert_eq!((found.time_in_market, found.mean_size), (1.0, 1.0));
            // Bought once.
            prop_assert!(near(found.turnover, 252.0 / got.len() as f64), "{:?}", found);
        }
        let free = bars(&close, &vec![1.0; close.len()], 0.0);
        let last = close.iter().rfind(|close| **close > 0.0);
        let first = close.iter().find(|close| **close > 0.0);
        if let (Some(bar), Some(first), Some(last)) = (free.last(), first, last) {
            prop_assert!(near(bar.equity[1], last / first));
        }
    }

    #[test]
    fn the_unit_of_prices_does_not_matter((close, size) in rows(), power in -40i32..40, cost_bps in 0.0..300.0) {
        // A power of two, so that nothing is rounded.
        let scaled: Vec<f64> = close.iter().map(|close| close * 2f64.powi(power)).collect();
        prop_assert_eq!(text(&bars(&scaled, &size, cost_bps)), text(&bars(&close, &size, cost_bps)));
    }

    #[test]
    fn the_cost_is_linear_in_cost_bps((close, size) in rows(), cost_bps in 0.0..300.0, times in 0.0..10.0) {
        let of = |cost_bps| summary(&bars(&close, &size, cost_bps), 365.0, cost_bps);
        let (Some(once), Some(more)) = (of(cost_bps), of(cost_bps * times)) else { return Ok(()) };
        prop_assert_eq!(once.turnover, more.turnover);
        prop_assert!(near(more.cost, once.cost * times));
        // And what costs more earns less.
        let [less, whole] = if times > 1.0 { [more, once] } else { [once, more] };
        prop_assert!(less.performance[0].total_return <= whole.performance[0].total_return + 1e-12);
    }

    /// Numbers that no market has break nothing.
    #[test]
    fn odd_numbers_break_nothing(rows in vec((select(ODD.to_vec()), select(ODD.to_vec())), 0..20)) {
        let (close, size): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        for bar in bars(&close, &size, 10_000.0) {
            prop_assert!(bar.size >= 0.0 && bar.size.is_finite(), "{:?}", bar);
            prop_assert!(bar.equity.iter().all(|equity| *equity >= 0.0 || equity.is_nan()), "{:?}", bar);
        }
    }
}
