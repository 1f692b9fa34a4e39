//! Eras, which restart the escalation percentile, and how many bars a timeframe has in a year (specification 5,
//! section 5).

/// How many bars a year of a timeframe has. Specification 5, section 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Bars in a year.
    pub bars_a_year: u32,
    /// Bars before the first percentile, of the history or of an era: a quarter of a year, at least 60.
    pub min_bars: u32,
}

impl Pace {
    /// The pace of a timeframe such as `1d`; a timeframe that is not named in the specification has daily bars.
    pub fn of(timeframe: &str) -> Self {
        let bars_a_year = match timeframe {
            "1w" | "1W" | "1week" | "weekly" => 52,
            "4h" | "4H" => 504,
            "1h" | "1H" | "1hour" => 1_512,
            "15m" | "15min" => 6_552,
            _ => 252,
        };
        Self { bars_a_year, min_bars: (bars_a_year / 4).max(60) }
    }
}

/// The eras in force for a timeframe. Specification 5, section 5.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Eras {
    pace: Pace,
    starts: Vec<i64>,
}

impl Eras {
    /// The eras with these starts, in microseconds since 2000 (`i64::MIN` for `-infinity`), in any order.
    pub fn new(timeframe: &str, mut starts: Vec<i64>) -> Self {
        starts.sort_unstable();
        starts.dedup();
        Self { pace: Pace::of(timeframe), starts }
    }

    /// No eras.
    pub fn none(timeframe: &str) -> Self {
        Self::new(timeframe, Vec::new())
    }

    /// Bars a year of the timeframe.
    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// The start of the era of a bar: the latest start at or before its time; `None` before the first start.
    pub fn start(&self, open_time: i64) -> Option<i64> {
        self.until(open_time).last().copied()
    }

    /// The starts at or before a time, ascending: the starts on which the rows until then depend.
    pub fn until(&self, open_time: i64) -> &[i64] {
        &self.starts[..self.starts.partition_point(|start| *start <= open_time)]
    }

    /// The earliest start that is in one of both and not in the other, `None` if all are in both. Rows before this
    /// time are the same with either.
    pub fn first_difference(&self, other: &[i64]) -> Option<i64> {
        let same = self.starts.iter().zip(other).take_while(|(one, other)| one == other).count();
        let first = |starts: &[i64]| starts.get(same).copied();
        match (first(&self.starts), first(other)) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }
}
