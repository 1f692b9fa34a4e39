//! Whether bars can be used: their times, their prices and their order.

use crate::pg::{Result, data_exception, utc};

/// Which prices can be used.
#[derive(Clone, Copy)]
pub struct Usable {
    /// Whether a price can be used; NULL comes as NaN.
    pub is: fn(f64) -> bool,
    /// What other prices are, as messages say.
    pub otherwise: &'static str,
}

/// Finite positive prices.
pub const POSITIVE: Usable =
    Usable { is: |price| price.is_finite() && price > 0.0, otherwise: "NULL, NaN, infinite or not positive" };

/// Refuses bars, in ascending time, that cannot be used. A time at either end of the range stands for NULL
/// or infinity; prices come with their names, one element for each bar.
///
/// # Errors
/// Where a time is NULL, infinite or not unique, or a price is not usable: the message says whose bars, how many, and
/// the first of them.
pub fn check_bars(
    ts: &[i64],
    prices: &[(&str, &[f64])],
    usable: Usable,
    whose: &dyn Fn() -> Result<String>,
    kind: &str,
    relation: &str,
) -> Result<()> {
    let untimed = |i: &usize| ts[*i] == i64::MIN || ts[*i] == i64::MAX;
    let repeated = |i: &usize| *i > 0 && ts[*i] == ts[*i - 1];
    check_bar(ts, untimed, "a timestamp that is NULL or infinite", whose, kind, relation)?;
    for (name, values) in prices {
        let unusable = |i: &usize| !(usable.is)(values[*i]);
        let article = if *name == "open" { "an" } else { "a" };
        let problem = format!("{article} {name} that is {}", usable.otherwise);
        check_bar(ts, unusable, &problem, whose, kind, relation)?;
    }
    check_bar(ts, repeated, "the timestamp of another bar", whose, kind, relation)
}

/// Refuses bars that have a problem, in the words of [`check_bars`].
///
/// # Errors
/// Where `is_bad` holds for a bar, given by its index.
fn check_bar(
    ts: &[i64],
    is_bad: impl Fn(&usize) -> bool,
    problem: &str,
    whose: &dyn Fn() -> Result<String>,
    kind: &str,
    relation: &str,
) -> Result<()> {
    let bad: Vec<usize> = (0..ts.len()).filter(is_bad).collect();
    let Some(first) = bad.first() else { return Ok(()) };
    let first = if ts[*first] == i64::MIN || ts[*first] == i64::MAX {
        String::new()
    } else {
        format!(", the first at {}", utc(ts[*first]))
    };
    let bars = if bad.len() == 1 { "bar has" } else { "bars have" };
    Err(data_exception(format!("{}: {} {kind}{bars} {problem}{first}", whose()?, bad.len()))
        .hint(format!("Correct or delete the affected bars in {relation}.")))
}

/// Sorts times in ascending order, and the values of each vector alike.
pub fn sort_by_time<'a>(ts: &mut Vec<i64>, values: impl Iterator<Item = &'a mut Vec<f64>>) {
    if ts.is_sorted() {
        return;
    }
    let mut order: Vec<usize> = (0..ts.len()).collect();
    order.sort_by_key(|&i| ts[i]);
    for values in values {
        *values = order.iter().map(|&i| values[i]).collect();
    }
    *ts = order.iter().map(|&i| ts[i]).collect();
}
