//! Carrying a sparse layer forward onto daily rows (specification 1, section 4).

/// For each row, the index of the latest source element at or before it; `None` before the first.
///
/// Both are ascending times in the same unit.
pub fn as_of(rows: &[i64], source: &[i64]) -> Vec<Option<usize>> {
    let mut next = 0;
    rows.iter()
        .map(|row| {
            while next < source.len() && source[next] <= *row {
                next += 1;
            }
            next.checked_sub(1)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_latest_at_or_before() {
        assert_eq!(as_of(&[1, 2, 3, 4, 9], &[2, 4, 5]), [None, Some(0), Some(0), Some(1), Some(2)]);
        assert_eq!(as_of(&[1], &[]), [None]);
    }
}
