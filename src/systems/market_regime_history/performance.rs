//! The performance of a caller's daily returns in each regime of a symbol.

use std::rc::Rc;

use pgrx::pg_sys;

use regime_core::market_regime_history::{PerformanceByRegime, Regime, performance};
use regime_core::math::performance::Performance;

use crate::pg::{
    Days, Db, Result, Sees, arg, columns, columns::Table, columns::check_name, columns::column,
    columns::wrong_type, data_exception, day_shown, extension_schema, quoted, result_set::Field,
    result_set::Rows, result_set::Text, spi, wrong_object_type,
};
use crate::systems::market_regime_history::closes::canonical;
use crate::systems::market_regime_history::days::call;
use crate::systems::market_regime_history::read::stored;

/// The columns of the returns, as the caller names them.
pub struct Names<'a> {
    pub date: &'a str,
    pub value: &'a str,
}

/// Writes the performance in each regime. Days before the first regime are left out; a NOTICE tells how many.
/// Specification 4, section 5.
///
/// # Errors
/// Where the symbol has no stored days, or the returns cannot be used.
pub fn by_regime(
    rows: &mut Rows,
    relation: pg_sys::Oid,
    symbol: &str,
    names: &Names,
    lag_days: usize,
) -> Result<()> {
    check_name("date_column", names.date)?;
    check_name("return_column", names.value)?;
    spi::connect(|db| {
        let labels = labels(db, symbol)?;
        let returns = Returns::find(db, relation, names)?.read(db)?;
        let PerformanceByRegime { regimes, unlabelled } = performance(&labels, &returns, lag_days);
        if let (1.., Some((first, _))) = (unlabelled, labels.first()) {
            let (days, are) = if unlabelled == 1 { ("day", "is") } else { ("days", "are") };
            pgrx::notice!(
                "{unlabelled} {days} before the first regime of {symbol}, on {}, {are} left out",
                day_shown(*first)
            );
        }
        for (regime, p) in &regimes {
            let Performance { total_return, mean, volatility, sharpe, max_drawdown, win_rate, n } = *p;
            let figures = [total_return, mean, volatility, sharpe, max_drawdown, win_rate].map(Field::number);
            let regime = Text::new(regime.as_str());
            let mut fields = vec![Field::text(&regime), Field::long(n as i64)];
            fields.extend(figures);
            rows.push(&fields)?;
        }
        Ok(())
    })
}

/// The stored regimes of a symbol by day.
fn labels(db: Db, symbol: &str) -> Result<Vec<(i32, Regime)>> {
    let symbol = &canonical(db, symbol)?;
    let (relation, _) = stored(db, symbol)?;
    let sql =
        format!("SELECT date::date, regime::text FROM {relation} WHERE market_symbol = $1 ORDER BY date");
    let (mut labels, own) = (Vec::new(), extension_schema(db)?);
    db.rows(&sql, &[arg(symbol)], Sees::Snapshot, |row| {
        // A NULL, possible in an adopted table, is no known regime.
        let Days(date) = row.get("date")?;
        let name = row.get::<Option<&str>>("regime")?.unwrap_or_default();
        let regime = Regime::parse(name).ok_or_else(|| {
            data_exception(format!("{relation} has an unknown regime \"{name}\" on {}", day_shown(date)))
                .hint(call(&own, symbol, "full_refresh => true, "))
        })?;
        labels.push((date, regime));
        Ok(())
    })?;
    Ok(labels)
}

/// A caller's returns: where they are, and how they are read.
struct Returns<'a> {
    table: Rc<Table>,
    names: &'a Names<'a>,
    /// SQL expressions.
    date: String,
    value: String,
}

impl<'a> Returns<'a> {
    fn find(db: Db, relation: pg_sys::Oid, names: &'a Names<'a>) -> Result<Self> {
        let table =
            columns::find(db, relation, "SELECT * FROM {schema}.market_regime_performance('returns');")?;
        if !matches!(table.kind.as_str(), "r" | "p" | "v" | "m" | "f") {
            return Err(wrong_object_type(format!("{} is not a table or view", table.sql))
                .hint("Pass a table or view of daily returns."));
        }
        let date_column = column(&table, "date_column", names.date)?;
        let name = quoted(names.date);
        let date = match date_column.base_type().as_str() {
            "date" => name,
            "timestamp without time zone" => format!("{name}::date"),
            "timestamp with time zone" => format!("({name} AT TIME ZONE 'UTC')::date"),
            _ => return Err(wrong_type(&table, "date_column", date_column, "date")),
        };
        let value_column = column(&table, "return_column", names.value)?;
        let value = match value_column.base_type().as_str() {
            "double precision" | "real" | "numeric" => format!("{}::float8", quoted(names.value)),
            _ => return Err(wrong_type(&table, "return_column", value_column, "double precision")),
        };
        Ok(Self { date, value, table, names })
    }

    /// The returns by day, ascending; an error if some cannot be used.
    fn read(&self, db: Db) -> Result<Vec<(i32, f64)>> {
        let Self { table, date, value, .. } = self;
        let sql = format!("SELECT {date}, {value} FROM {}", table.sql);
        const DATE: usize = 0;
        const VALUE: usize = 1;
        let mut returns = Vec::new();
        db.rows(&sql, &[], Sees::Snapshot, |row| {
            returns.push((row.get::<Option<Days>>(DATE)?.map_or(i32::MAX, |day| day.0), row.known(VALUE)));
            Ok(())
        })?;
        returns.sort_by_key(|(date, _)| *date);
        let undated = |(date, _): &&(i32, f64)| [i32::MIN, i32::MAX].contains(date);
        self.refuse(
            returns.iter().filter(undated).map(|_| None),
            &format!("{} that is NULL or infinite", self.names.date),
            &format!("{date} IS NULL OR NOT isfinite({date})"),
        )?;
        let days = || returns.iter().filter(|r| !undated(r));
        self.refuse(
            days().filter(|(_, r)| r.is_nan()).map(|(date, _)| Some(*date)),
            &format!("{} that is NULL, NaN or infinite", self.names.value),
            &format!("{value} IS NULL OR {value} IN ('NaN', 'Infinity', '-Infinity')"),
        )?;
        self.refuse(
            days().filter(|(_, r)| *r < -1.0).map(|(date, _)| Some(*date)),
            &format!("{} below -1, a loss of more than 100%", self.names.value),
            &format!("{value} < -1"),
        )?;
        let repeated = returns.windows(2).filter_map(|pair| match pair {
            [(before, _), (date, _)] if before == date => Some(Some(*date)),
            _ => None,
        });
        self.refuse(
            repeated,
            &format!("{} of another row", self.names.date),
            &format!("{date} IN (SELECT {date} FROM {} GROUP BY 1 HAVING count(*) > 1)", table.sql),
        )?;
        Ok(returns)
    }

    /// Refuses rows that have a problem; `condition` selects these rows.
    fn refuse(
        &self,
        mut days: impl Iterator<Item = Option<i32>>,
        problem: &str,
        condition: &str,
    ) -> Result<()> {
        let Some(first) = days.next() else { return Ok(()) };
        let count = 1 + days.count();
        let first = first.map_or(String::new(), |day| format!(", the first on {}", day_shown(day)));
        let rows = if count == 1 { "row has" } else { "rows have" };
        Err(data_exception(format!("{}: {count} {rows} a {problem}{first}", self.table.sql))
            .hint(format!("SELECT * FROM {} WHERE {condition};", self.table.sql)))
    }
}
