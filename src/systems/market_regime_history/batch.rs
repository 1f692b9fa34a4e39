//! One batch: the days of a span computed from their closes, compared with what is stored, and written.

use regime_core::market_regime_history::{Day, VERSION, days};

use crate::output::entry::{About, Began, Call, Done, Entry, Mode};
use crate::output::set_up;
use crate::pg::{Db, Result, attempt_unless_cancelled, day_shown, memory, qualified};
use crate::source::relation::check_none_hidden;
use crate::sync::Write;
use crate::sync::compare::{Changes, Within, Written};
use crate::sync::content::{Content, OwnedKey, Value};
use crate::sync::kept;
use crate::systems::market_regime_history::closes::{Closes, Missing};
use crate::systems::market_regime_history::days::Span;
use crate::systems::market_regime_history::tables::{HISTORY, MARKET_REGIME_HISTORY};

/// What batches of one call share.
pub struct Job<'a, 'c> {
    pub db: Db<'c>,
    pub schema: &'a str,
    pub closes: &'a Closes,
    pub full_refresh: bool,
    pub dry_run: bool,
    /// Whether the table exists.
    pub set_up: bool,
}

/// A finished batch.
pub struct Batch {
    pub span: Span,
    pub entry: Entry,
    /// `None` if it failed.
    pub done: Option<Done<OfBatch>>,
    /// Days that the batch was to compute.
    pub days: i64,
    /// Days that are left after the batch.
    pub left: i64,
}

/// What a batch reports beyond the entry of any subject.
pub struct OfBatch {
    /// Stored rows that differ from what the closes give now, and were kept.
    pub differing: Differing,
    read: u64,
}

/// How many days differ, and the first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Differing {
    pub days: i64,
    pub first: Option<i32>,
}

impl Differing {
    /// Both together.
    pub fn and(self, other: Self) -> Self {
        let first = self.first.into_iter().chain(other.first).min();
        Self { days: self.days + other.days, first }
    }
}

impl Job<'_, '_> {
    fn relation(&self) -> String {
        qualified(self.schema, MARKET_REGIME_HISTORY.name)
    }

    /// The days of a span that are to be computed.
    ///
    /// # Errors
    /// As [`Closes::missing`].
    pub fn wanted(&self, span: Span, batch_size: i32) -> Result<Missing> {
        let relation = (self.set_up && !self.full_refresh).then(|| self.relation());
        let span = self.kept(span)?;
        self.closes.missing(self.db, relation.as_deref(), span, batch_size)
    }

    /// The part of a span whose days the table can hold.
    fn kept(&self, span: Span) -> Result<Span> {
        if !self.set_up {
            return Ok(span);
        }
        let (relation, scope) = (self.relation(), [Value::Text(&self.closes.symbol)]);
        let gaps = kept::gaps(self.db, &relation, &MARKET_REGIME_HISTORY, &scope)?;
        let before = gaps.first().filter(|gap| gap.holds(i64::from(span.from)));
        if let Some(gap) = before {
            kept::tell(&relation, &MARKET_REGIME_HISTORY, *gap);
        }
        let from = before.and_then(|gap| i32::try_from(gap.to).ok());
        Ok(Span { from: from.unwrap_or(span.from), ..span })
    }

    /// Computes and writes the next batch of a span; a failure is rolled back and raises a WARNING.
    ///
    /// # Errors
    /// Where the days cannot be read, or the query is cancelled; any other failure is part of the batch.
    pub fn next(&self, span: Span, batch_size: i32) -> Result<Batch> {
        // A snapshot taken after the lock, so that days which the last holder committed count as stored.
        let span = self.kept(span)?;
        let missing = self.db.with_new_snapshot(|| self.wanted(span, batch_size))?;
        let days = missing.days.min(i64::from(batch_size));
        let left = missing.days - days;
        let to = missing.last.filter(|_| left > 0).unwrap_or(span.to);
        let span = Span { from: span.from, to };
        let name = format!("{} {}", self.closes.symbol, day_shown(missing.first.unwrap_or(span.from)));
        let began = Began::now();
        let done = memory::in_own_memory(|| attempt_unless_cancelled(|| self.run(span)));
        let about = About {
            system: &HISTORY,
            id: None,
            name: Some(name),
            cal_scheme: None,
            lacks: "trading days",
            version: VERSION,
        };
        let read = done.as_ref().map_or(0, |done| done.more.read);
        let Job { db, schema, dry_run, .. } = *self;
        let call = Call { db, system: &HISTORY, schema, version: VERSION, dry_run, strict: None };
        let (entry, done) = about.entry(&call, done, read, began);
        Ok(Batch { span, entry, done, days, left })
    }

    /// Computes and writes; to be called in a subtransaction.
    fn run(&self, span: Span) -> Result<Done<OfBatch>> {
        if self.set_up {
            set_up::hold(self.db, self.schema, &HISTORY, self.dry_run)?;
        }
        self.db.with_new_snapshot(|| {
            let computed = Computed::new(self.db, self.closes, span)?;
            let done = self.write(span, &computed)?;
            if !self.dry_run {
                // Deferred constraints fail here and not at the commit. The transaction contains this batch only.
                self.db.execute("SET CONSTRAINTS ALL IMMEDIATE", &[])?;
            }
            Ok(done)
        })
    }

    fn write(&self, span: Span, computed: &Computed) -> Result<Done<OfBatch>> {
        let descriptions: Vec<String> = computed.days.iter().map(|(_, day)| day.description()).collect();
        let content = content(&computed.days, &descriptions);
        let rows = computed.days.len();
        let mut written = Written { inserted: rows as u64, ..Written::default() };
        let mut differing = Differing::default();
        if self.set_up {
            let (relation, scope) = (self.relation(), [Value::Text(&self.closes.symbol)]);
            let table = &MARKET_REGIME_HISTORY;
            let write = Write {
                db: self.db,
                relation: &relation,
                table,
                scope: &scope,
                content: &content,
                within: Some(Within::Days(span.from, span.to)),
                only_new: !self.full_refresh,
            };
            let mut changes = write.compare()?;
            if !self.full_refresh {
                differing = differing_days(&changes, &computed.days);
                changes.only_new(None);
            }
            check_none_hidden(self.db, &self.closes.relation, table.name, changes.written().deleted)?;
            written = match self.dry_run {
                true => changes.written(),
                false => write.apply(&changes)?,
            };
        }
        let mode = match (self.full_refresh, written.total()) {
            (true, _) => Mode::Full,
            (_, 0) => Mode::None,
            _ => Mode::Incremental,
        };
        let reason = self.full_refresh.then(|| "full_refresh".to_owned());
        let more = OfBatch { differing, read: computed.read };
        Ok(Done { reason, ..Done::new(rows as i64, written, mode, more) })
    }
}

/// The days of a span.
pub struct Computed {
    /// Each with its date, in days since 2000.
    pub days: Vec<(i32, Day)>,
    read: u64,
}

impl Computed {
    /// Computes the days of a span from their closes.
    ///
    /// # Errors
    /// As [`Closes::read`].
    pub fn new(db: Db, closes: &Closes, span: Span) -> Result<Self> {
        let series = closes.read(db, span)?;
        let from = series.days.partition_point(|day| *day < span.from);
        let dates = series.days.iter().skip(from);
        let computed = dates.zip(days(&series.close, from)).filter_map(|(date, day)| Some((*date, day?)));
        Ok(Self { days: computed.collect(), read: series.days.len() as u64 })
    }
}

/// Stored days whose closes give another result, or whose bar is gone.
fn differing_days(changes: &Changes, days: &[(i32, Day)]) -> Differing {
    let changed = changes
        .update
        .iter()
        .filter(|row| !changes.incomplete.contains(row))
        .filter_map(|row| days.get(*row))
        .map(|(date, _)| *date);
    let gone = changes.delete.first().into_iter().flatten();
    let gone = gone.filter_map(|key| if let OwnedKey::Date(date) = key { Some(*date) } else { None });
    changed
        .chain(gone)
        .fold(Differing::default(), |sum, date| sum.and(Differing { days: 1, first: Some(date) }))
}

/// Rows of `market_regime_history`.
fn content<'a>(days: &[(i32, Day)], descriptions: &'a [String]) -> Content<'a> {
    let number = |value: f64| Value::float(Some(value).filter(|v| !v.is_nan()));
    let mut content = Content::default();
    for (row, ((date, day), description)) in days.iter().zip(descriptions).enumerate() {
        content.keys.push(Value::Date(*date));
        content.entry.push(row as u32);
        content.entries.extend([
            Value::Text(day.regime.as_str()),
            Value::Float(day.confidence),
            number(day.volatility_percentile),
            number(day.trend_strength),
            number(day.momentum_score),
            number(day.drawdown_severity),
            number(day.volume_anomaly),
            Value::Text(description),
        ]);
    }
    content
}
