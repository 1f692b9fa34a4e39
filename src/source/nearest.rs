//! Which known name is nearest to an unknown one.

/// Most characters of a name for which a near one is searched.
const LONGEST: usize = 100;

/// The candidate that was probably meant: at most a third of the characters differ (insertions, deletions,
/// replacements, swaps of neighbours), or one is a prefix of the other and at least a third as long; case is ignored.
/// Of several candidates, the one with the fewest differences, then by Jaro-Winkler similarity, then by text.
pub fn nearest(wanted: &str, candidates: impl Iterator<Item = impl AsRef<str>>) -> Option<String> {
    let wanted = wanted.trim().to_lowercase();
    let length = wanted.chars().count();
    if length > LONGEST {
        return None;
    }
    let most = length.max(3) / 3;
    let mut best: Option<(usize, f64, String)> = None;
    for candidate in candidates {
        pgrx::check_for_interrupts!();
        let candidate = candidate.as_ref();
        let name = candidate.trim().to_lowercase();
        let other = name.chars().count();
        let gap = length.abs_diff(other);
        let begins = name.starts_with(&wanted) || wanted.starts_with(&name);
        let distance = if begins && length.min(other) >= 2 && length.max(other) <= 3 * length.min(other) {
            gap
        } else if gap > most {
            continue;
        } else {
            match strsim::osa_distance(&wanted, &name) {
                distance if distance <= most && distance < length => distance,
                _ => continue,
            }
        };
        let likeness = strsim::jaro_winkler(&wanted, &name);
        let is_better = best.as_ref().is_none_or(|(least, most_like, first)| {
            let ahead = distance.cmp(least).then(most_like.total_cmp(&likeness));
            ahead.then(candidate.cmp(first)).is_lt()
        });
        if is_better {
            best = Some((distance, likeness, candidate.to_owned()));
        }
    }
    best.map(|(.., candidate)| candidate)
}
