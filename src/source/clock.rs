//! How the times of a relation are read: what integers count, in which zone times without one are, and what is added to
//! them.

use crate::pg::{
    Arg, Db, Micros, Result, Row, Sees, arg, attempt, invalid_parameter, quote_literal, timestamps_arg,
};

/// The seconds before and after 1970 beyond which an integer is no time.
const MOST_SECONDS: i64 = 200_000_000_000;

/// How the times of a relation are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// What integers count since 1970: `s`, `ms`, `us`.
    pub unit: Option<String>,
    /// The name of the time zone; `None` is UTC.
    pub zone: Option<String>,
    /// Months, days and microseconds that are added to the time in the zone; `None` for none.
    shift: Option<[i64; 3]>,
}

/// The kind of a column of times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Times {
    /// A `timestamptz` that is read as it is.
    #[default]
    Instant,
    /// A `timestamptz` to which something is added.
    Shifted,
    /// A `timestamp` or `date`.
    Zoneless,
    /// An integer, whose conversion never fails.
    Epoch,
}

impl Times {
    /// The types of such columns, as an array of types is written in SQL.
    pub const fn types(self) -> &'static str {
        match self {
            Times::Instant | Times::Shifted => "timestamptz",
            Times::Zoneless => "timestamp,date",
            Times::Epoch => "int4,int8",
        }
    }
}

impl Clock {
    /// SQL: the shift of a row of the map as months, days and microseconds.
    pub const SHIFT: &str = "CASE WHEN bars_shift IS NOT NULL THEN pg_catalog.concat_ws(' ', (pg_catalog.date_part('year', bars_shift) * 12 + pg_catalog.date_part('month', bars_shift))::int8, \
         pg_catalog.date_part('day', bars_shift)::int8, (pg_catalog.date_part('hour', bars_shift) * 3600000000 \
         + pg_catalog.date_part('minute', bars_shift) * 60000000 + pg_catalog.date_part('microseconds', bars_shift))::int8) END AS bars_shift";

    /// The clock of a row of the map: `bars_ts_unit`, `bars_zone` and [`Clock::SHIFT`].
    ///
    /// # Errors
    /// A column that is missing or of another type.
    pub fn read(row: &Row) -> Result<Self> {
        let shift: Option<&str> = row.get("bars_shift")?;
        let numbers = |text: &str| text.split(' ').filter_map(|n| n.parse().ok()).collect::<Vec<i64>>();
        let shift: Option<[i64; 3]> = shift.and_then(|shift| numbers(shift).try_into().ok());
        Ok(Self {
            unit: row.get("bars_ts_unit")?,
            zone: row.get("bars_zone")?,
            shift: shift.filter(|shift| *shift != [0; 3]),
        })
    }

    /// The clock without its shift.
    pub fn unshifted(&self) -> Self {
        Self { shift: None, ..self.clone() }
    }

    /// Whether times are read as the original's are: no zone but UTC, nothing added, no integers.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the day of a bar is the UTC date of its time.
    pub fn has_utc_days(&self) -> bool {
        self.zone.is_none() && self.shift.is_none()
    }

    fn zone(&self) -> String {
        quote_literal(self.zone.as_deref().unwrap_or("UTC"))
    }

    fn shift(&self) -> Option<String> {
        let [months, days, micros] = self.shift?;
        Some(format!("pg_catalog.make_interval(0, {months}, 0, {days}, 0, 0, {micros}e-6)"))
    }

    /// SQL: the day that a time, an expression of type `timestamptz`, is of: the date in the zone before the shift.
    pub fn day(&self, ts: &str) -> String {
        let unshifted = self.shift().map(|shift| format!(" - {shift}")).unwrap_or_default();
        format!("(({ts} AT TIME ZONE {}){unshifted})::date", self.zone())
    }

    /// Checks that the zone is one.
    ///
    /// # Errors
    /// An unknown zone; the HINT is for the caller to add.
    pub fn check_zone(&self, db: Db) -> Result<()> {
        let Some(zone) = &self.zone else { return Ok(()) };
        let sql = "SELECT pg_catalog.timezone($1, timestamp '2000-01-01') IS NOT NULL AS is_known";
        attempt(|| db.one(sql, &[arg(zone.as_str())], Sees::Snapshot, |row| row.get::<bool>("is_known")))
            .map(|_| ())
            .map_err(|_| invalid_parameter(format!("bars_zone \"{zone}\" is not a time zone")))
    }

    /// What a column of a type, without its length, is; `None` for an integer without a unit.
    pub fn times(&self, base_type: &str) -> Option<Times> {
        Some(match base_type {
            "timestamp without time zone" | "date" => Times::Zoneless,
            "timestamp with time zone" if self.shift.is_some() => Times::Shifted,
            "timestamp with time zone" => Times::Instant,
            _ => return self.unit.as_ref().map(|_| Times::Epoch),
        })
    }

    /// The number of units in a second, and the SQL of a unit.
    fn per_second(&self) -> (i64, &'static str) {
        match self.unit.as_deref() {
            Some("ms") => (1_000, "interval '1 millisecond'"),
            Some("us") => (1_000_000, "interval '1 microsecond'"),
            _ => (1, "interval '1 second'"),
        }
    }

    /// SQL: the instant of a column of times, which is quoted, before the shift.
    fn instant(&self, name: &str, base_type: &str) -> String {
        let zone = self.zone();
        match base_type {
            "timestamp without time zone" => format!("({name} AT TIME ZONE {zone})::timestamptz"),
            "date" => format!("({name}::timestamp AT TIME ZONE {zone})::timestamptz"),
            "timestamp with time zone" => format!("{name}::timestamptz"),
            _ => {
                let (n, unit) = self.per_second();
                let most = MOST_SECONDS * n;
                format!(
                    "CASE WHEN {name} > {most} THEN timestamptz 'infinity' WHEN {name} < -{most} THEN timestamptz '-infinity' \
                     ELSE pg_catalog.to_timestamp(0) + {name} * {unit} END"
                )
            }
        }
    }

    /// SQL: the time of a column of times in the zone, before the shift.
    fn local(&self, name: &str, base_type: &str) -> String {
        match base_type {
            "timestamp without time zone" | "date" => format!("{name}::timestamp"),
            _ => format!("(({}) AT TIME ZONE {})", self.instant(name, base_type), self.zone()),
        }
    }

    /// SQL: the instant that a column of times, which is quoted, stands for.
    pub fn time(&self, name: &str, base_type: &str) -> String {
        match self.shift() {
            Some(shift) => {
                format!(
                    "(({} + {shift}) AT TIME ZONE {})::timestamptz",
                    self.local(name, base_type),
                    self.zone()
                )
            }
            None if matches!(self.times(base_type), Some(Times::Epoch)) => {
                format!("({})", self.instant(name, base_type))
            }
            None => self.instant(name, base_type),
        }
    }

    /// SQL: the time in the zone before the shift as a `timestamptz` of the same figures, of which the date is the day of a bar;
    /// `None` where that is the instant itself.
    pub fn day_time(&self, name: &str, base_type: &str) -> Option<String> {
        (!self.has_utc_days()).then(|| format!("({} AT TIME ZONE 'UTC')", self.local(name, base_type)))
    }

    /// SQL: a condition on the column itself, for its index, that holds wherever the instant is after a moment, given
    /// as SQL.
    pub fn later(&self, name: &str, base_type: &str, moment: &str) -> String {
        let before = match self.shift() {
            Some(shift) => format!("{moment}::timestamptz - {shift} - interval '5 days'"),
            None => format!("{moment}::timestamptz - interval '5 days'"),
        };
        let zone = self.zone();
        match base_type {
            "timestamp with time zone" => format!("{name} > {before}"),
            "timestamp without time zone" => format!("{name} > (({before}) AT TIME ZONE {zone})"),
            "date" => format!("{name} > (({before}) AT TIME ZONE {zone})::date"),
            _ => {
                let (n, _) = self.per_second();
                format!(
                    "{name} > (LEAST(GREATEST(pg_catalog.date_part('epoch', {before}), -{MOST_SECONDS}), {MOST_SECONDS}) * {n})::int8"
                )
            }
        }
    }

    /// The instants of times in the zone before the shift, in microseconds since 2000.
    ///
    /// # Errors
    /// A time that is out of range.
    pub fn instants(&self, db: Db, local: &[i64]) -> Result<Vec<i64>> {
        let zone = self.zone();
        let shift = self.shift().map(|shift| format!(" + {shift}")).unwrap_or_default();
        self.converted(db, local, &format!("((t.t AT TIME ZONE 'UTC'){shift}) AT TIME ZONE {zone}"))
    }

    /// The times in the zone of instants, both in microseconds since 2000.
    ///
    /// # Errors
    /// A time that is out of range.
    pub fn in_zone(&self, db: Db, instants: &[i64]) -> Result<Vec<i64>> {
        self.converted(db, instants, &format!("(t.t AT TIME ZONE {}) AT TIME ZONE 'UTC'", self.zone()))
    }

    fn converted(&self, db: Db, times: &[i64], to: &str) -> Result<Vec<i64>> {
        if self.has_utc_days() {
            return Ok(times.to_vec());
        }
        let sql = format!(
            "SELECT {to} AS ts FROM pg_catalog.unnest($1::timestamptz[]) WITH ORDINALITY AS t (t, place) ORDER BY place"
        );
        let args: [Arg; 1] = [timestamps_arg(times.iter().copied().map(Some).collect())];
        db.all(&sql, &args, Sees::Snapshot, |row| Ok(row.get::<Micros>("ts")?.0))
    }
}
