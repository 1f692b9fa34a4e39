//! Sliding windows over whole series, and mid-ranks of values that come and go.

/// What an associative `combine` makes of each `width` (at least 1) successive values: element `i` is that of
/// `values[i..i + width]`; empty where there are fewer values. Takes three calls of `combine` a value,
/// whatever the width.
pub fn folded<T: Copy>(values: &[T], width: usize, combine: impl Fn(T, T) -> T) -> Vec<T> {
    let width = width.max(1);
    // Cut into blocks of `width`: a window is the end of one block and the beginning of the next.
    let (mut heads, mut tails) = (values.to_vec(), values.to_vec());
    for i in 1..values.len() {
        if i % width != 0 {
            heads[i] = combine(heads[i - 1], values[i]);
        }
    }
    for i in (0..values.len().saturating_sub(1)).rev() {
        if (i + 1) % width != 0 {
            tails[i] = combine(values[i], tails[i + 1]);
        }
    }
    let ends = heads.into_iter().skip(width - 1).zip(tails).enumerate();
    ends.map(|(i, (head, tail))| if i % width == 0 { head } else { combine(tail, head) }).collect()
}

/// Some of a series' values, each put in and taken out by its index, and the mid-rank of each among these:
/// O(log n) a step.
pub struct MidRanks {
    /// The place of each value among the distinct values, from 1; 0 for an unknown value.
    places: Vec<usize>,
    /// How many values are in at each place.
    equal: Vec<usize>,
    /// How many values are in at the places that end with each place, as a binary indexed tree.
    sums: Vec<usize>,
}

impl MidRanks {
    /// None of `values` yet; NaN is unknown and is never in.
    pub fn new(values: &[f64]) -> Self {
        // Equal as f64: the two zeros are one value.
        let mut distinct: Vec<f64> = values.iter().filter(|x| !x.is_nan()).map(|x| x + 0.0).collect();
        distinct.sort_by(f64::total_cmp);
        distinct.dedup();
        let place = |x: &f64| if x.is_nan() { 0 } else { 1 + distinct.partition_point(|y| y < x) };
        let counts = vec![0; distinct.len() + 1];
        Self { places: values.iter().map(place).collect(), equal: counts.clone(), sums: counts }
    }

    /// Puts the value of an index in.
    pub fn put(&mut self, index: usize) {
        self.step(index, |count| *count += 1);
    }

    /// Takes the value of an index, put in before, out.
    pub fn take(&mut self, index: usize) {
        self.step(index, |count| *count -= 1);
    }

    fn step(&mut self, index: usize, change: impl Fn(&mut usize)) {
        let mut place = self.places[index];
        if place == 0 {
            return;
        }
        change(&mut self.equal[place]);
        while let Some(sum) = self.sums.get_mut(place) {
            change(sum);
            place += 1 << place.trailing_zeros();
        }
    }

    /// Number of values in that are below the value of an index, plus half of one more than the number of values in that
    /// equal it; NaN for an unknown value.
    pub fn mid_rank(&self, index: usize) -> f64 {
        let place = self.places[index];
        if place == 0 {
            return f64::NAN;
        }
        let (mut below, mut end) = (0, place - 1);
        while end > 0 {
            below += self.sums[end];
            end &= end - 1;
        }
        below as f64 + (self.equal[place] + 1) as f64 / 2.0
    }
}
