//! The specification, transcribed without a thought for speed. Thresholds stand here as numbers, so
//! that a changed constant in the crate shows.

use regime_core::cmc_regimes::hysteresis::Mode;
use regime_core::cmc_regimes::policy::{Orders, PolicyTable, Risk, Rule};

/// The index of the latest element at or before `row`.
pub fn as_of(row: i64, source: &[i64]) -> Option<usize> {
    source.iter().rposition(|ts| *ts <= row)
}

/// 1-based rank of `value` among `values`, ties sharing the mean of their positions: by sorting.
pub fn average_rank(values: &[f64], value: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let positions: Vec<f64> =
        (0..sorted.len()).filter(|&i| sorted[i] == value).map(|i| i as f64 + 1.0).collect();
    positions.iter().sum::<f64>() / positions.len() as f64
}

/// The last `window` values up to and including index `i`.
pub fn trailing(values: &[f64], i: usize, window: usize) -> &[f64] {
    &values[(i + 1).saturating_sub(window)..=i]
}

/// The known ones, in order.
pub fn known(values: &[f64]) -> Vec<f64> {
    values.iter().copied().filter(|v| v.is_finite()).collect()
}

/// Percentile of the value at `i` in its window, `None` if unknown.
pub fn percentile(values: &[f64], i: usize, window: usize, min_known: usize) -> Option<f64> {
    let all = trailing(values, i, window);
    let known = known(all);
    if !values[i].is_finite() || known.len() < min_known {
        return None;
    }
    Some(average_rank(&known, values[i]) / all.len() as f64 * 100.0)
}

/// Median of the known values of a window, `None` with fewer than `min_known`.
pub fn median(values: &[f64], i: usize, window: usize, min_known: usize) -> Option<f64> {
    let mut known = known(trailing(values, i, window));
    known.sort_by(f64::total_cmp);
    let n = known.len();
    if n < min_known || n == 0 {
        return None;
    }
    Some(if n % 2 == 1 { known[n / 2] } else { (known[n / 2 - 1] + known[n / 2]) / 2.0 })
}

/// Whether a `match` text matches a key.
pub fn matches(text: &str, key: &str) -> bool {
    if text.contains(['*', '?', '[']) {
        return glob(&text.chars().collect::<Vec<_>>(), &key.chars().collect::<Vec<_>>());
    }
    let pieces: Vec<&str> = text.split('-').collect();
    let places: Vec<&str> = key.split('-').collect();
    (0..pieces.len()).all(|i| {
        let place = if is_override(text) {
            // The last piece stands for the last place.
            (places.len() + i).checked_sub(pieces.len()).map(|p| places[p])
        } else {
            places.get(i).copied()
        };
        pieces[i].is_empty() || place == Some(pieces[i])
    })
}

/// Whether a rule with this text tightens on top of others.
pub fn is_override(text: &str) -> bool {
    text.starts_with('-') && !text.contains(['*', '?', '['])
}

fn glob(pattern: &[char], key: &[char]) -> bool {
    match pattern {
        [] => key.is_empty(),
        ['*', rest @ ..] => glob(rest, key) || (!key.is_empty() && glob(pattern, &key[1..])),
        _ if key.is_empty() => false,
        ['?', rest @ ..] => glob(rest, &key[1..]),
        ['[', rest @ ..] => {
            let (negated, rest) = if rest[0] == '!' { (true, &rest[1..]) } else { (false, rest) };
            let end = 1 + rest[1..].iter().position(|c| *c == ']').expect("a closing ]");
            (in_class(&rest[..end], key[0]) != negated) && glob(&rest[end + 1..], &key[1..])
        }
        [c, rest @ ..] => *c == key[0] && glob(rest, &key[1..]),
    }
}

fn in_class(members: &[char], c: char) -> bool {
    match members {
        [] => false,
        [low, '-', high, rest @ ..] => (*low <= c && c <= *high) || in_class(rest, c),
        [one, rest @ ..] => *one == c || in_class(rest, c),
    }
}

/// The rules that apply to a key: the first that is no override, or the fallback, then every override.
pub fn applying<'a>(table: &'a PolicyTable, key: &str) -> Vec<&'a Rule> {
    let matching = || table.rules().iter().filter(|r| matches(r.match_text(), key));
    let base = matching().find(|r| !is_override(r.match_text())).unwrap_or(table.fallback());
    std::iter::once(base).chain(matching().filter(|r| is_override(r.match_text()))).collect()
}

/// `risk` with what a label's rules ask for.
pub fn tightened(table: &PolicyTable, mut risk: Risk, key: &str) -> Risk {
    for rule in applying(table, key) {
        risk.size_mult = rule.size_mult.map_or(risk.size_mult, |v| v.min(risk.size_mult));
        risk.stop_mult = rule.stop_mult.map_or(risk.stop_mult, |v| v.max(risk.stop_mult));
        risk.gross_cap = rule.gross_cap.map_or(risk.gross_cap, |v| v.min(risk.gross_cap));
        risk.pyramids &= rule.pyramids != Some(false);
        if strictness(rule.orders.unwrap_or(Orders::Mixed)) > strictness(risk.orders) {
            risk.orders = rule.orders.expect("stricter than mixed");
        }
    }
    if key.split('-').any(|place| place == "Stressed") {
        risk.orders = Orders::Passive;
    }
    risk
}

fn strictness(orders: Orders) -> u8 {
    match orders {
        Orders::Mixed => 0,
        Orders::Conservative => 1,
        Orders::Passive => 2,
    }
}

/// Where resolving starts.
pub const START: Risk =
    Risk { size_mult: 1.0, stop_mult: 1.5, orders: Orders::Mixed, gross_cap: 1.0, pyramids: true };

/// The policy of labels L0 to L4.
pub fn resolve(table: &PolicyTable, [l0, l1, l2, l3, l4]: [Option<&str>; 5]) -> (Risk, Option<Vec<String>>) {
    let mut given: Vec<&str> = [l2, l1, l0, l3, l4].into_iter().flatten().collect();
    if given.is_empty() {
        given.push("Unknown");
    }
    let risk = given.iter().fold(START, |risk, key| tightened(table, risk, key));
    let mut setups = applying(table, given[0])[0].setups.clone();
    let lists = |r: &&Rule| r.setups.iter().flatten().any(|s| s == "stand_down");
    if given.iter().any(|key| applying(table, key).iter().any(lists)) {
        let setups = setups.get_or_insert_default();
        setups.push("stand_down".to_owned());
        setups.sort();
        setups.dedup();
    }
    (risk, setups)
}

/// The stricter of each field.
pub fn both(a: Risk, b: Risk) -> Risk {
    Risk {
        size_mult: if b.size_mult < a.size_mult { b.size_mult } else { a.size_mult },
        stop_mult: if b.stop_mult > a.stop_mult { b.stop_mult } else { a.stop_mult },
        orders: if strictness(b.orders) > strictness(a.orders) { b.orders } else { a.orders },
        gross_cap: if b.gross_cap < a.gross_cap { b.gross_cap } else { a.gross_cap },
        pyramids: a.pyramids && b.pyramids,
    }
}

/// The fields in which `a` is looser than `b`.
pub fn looser(a: Risk, b: Risk) -> Vec<&'static str> {
    let fields = [
        ("size_mult", a.size_mult > b.size_mult),
        ("stop_mult", a.stop_mult < b.stop_mult),
        ("orders", strictness(a.orders) < strictness(b.orders)),
        ("gross_cap", a.gross_cap > b.gross_cap),
        ("pyramids", a.pyramids && !b.pyramids),
    ];
    fields.into_iter().filter(|(_, looser)| *looser).map(|(field, _)| field).collect()
}

/// Accepted labels without a memory: a held change is accepted on a row if the last `hold` rows that
/// have a label all ask for it (asymmetric), or all ask for anything else than what is in force
/// (symmetric).
pub fn accepted<L: Copy + PartialEq>(
    raw: &[Option<L>],
    mode: Mode,
    hold: usize,
    tightens: impl Fn(L, L) -> bool,
) -> Vec<Option<L>> {
    let mut seen: Vec<L> = Vec::new();
    let mut current: Option<L> = None;
    raw.iter()
        .map(|label| {
            let Some(new) = *label else { return current };
            seen.push(new);
            let Some(old) = current else {
                current = Some(new);
                return current;
            };
            let at_once = hold == 0 || (mode == Mode::Asymmetric && tightens(old, new));
            let asked = seen.len().checked_sub(hold).is_some_and(|from| {
                seen[from..].iter().all(|&l| if mode == Mode::Symmetric { l != old } else { l == new })
            });
            if at_once || asked {
                current = Some(new);
            }
            current
        })
        .collect()
}
