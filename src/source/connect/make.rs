//! What is made so that a relation of prices can be read: its rows of the source map, the tables that are built from it, the
//! names of its assets, and the profile that they are computed by.

use regime_core::connect::times::Step as Length;

use crate::pg::{
    Db, Error, Result, Sees, arg, check_may_create, invalid_parameter, lock_schema,
    not_in_prerequisite_state, qualified, quote_literal, settings, syscache::relation_oid,
};
use crate::source::build;
use crate::source::connect::ask::Asked;
use crate::source::connect::look::Found;
use crate::source::connect::record::{self, Record, built_name};
use crate::source::connect::{Line, Step};
use crate::source::map::rows_of_map;

/// The profile of the assets that have no other.
const DEFAULT: &str = "default";

/// What is made of a relation that was looked at.
pub struct Make<'a, 'c> {
    pub db: Db<'c>,
    /// The quoted schema of the extension.
    pub own: &'a str,
    pub asked: &'a Asked,
    pub found: &'a Found,
    /// What was made before.
    pub before: Option<Record>,
    /// The ids of the assets of all other sources, ascending.
    pub others: Vec<i32>,
    /// The highest id of stored rows, which outlast the relation that they were computed from.
    pub stored: Option<i32>,
    pub lines: Vec<Line>,
}

impl Make<'_, '_> {
    /// Makes what is missing, and gives what there is in the end.
    ///
    /// # Errors
    /// Where a privilege is missing, and where assets are those of other prices.
    pub fn all(&mut self) -> Result<Record> {
        record::check_may_write(self.db, self.own)?;
        lock_schema(self.db, &self.found.table[0])?;
        let is_daily = self.found.length == Length::Day;
        let mut record = self.before.clone().unwrap_or_else(|| Record {
            table: self.found.table.clone(),
            cal_scheme: None,
            profile: None,
            candles: false,
            names: false,
            built_schema: None,
            built: Vec::new(),
        });
        if is_daily {
            self.daily(&mut record)?;
        }
        self.candles(&mut record)?;
        if record.cal_scheme.is_none() && !record.candles {
            return Err(self.nothing());
        }
        if self.before.as_ref() != Some(&record) {
            record.store(self.db, self.own)?;
        }
        Ok(record)
    }

    fn nothing(&self) -> Error {
        let relation = &self.found.sql;
        let bars = match self.found.length {
            Length::Longer(_) => {
                format!("bars of {relation} are longer than a day ({})", self.found.length.timeframe())
            }
            _ => format!("{relation} has candles, and no daily closes"),
        };
        invalid_parameter(bars)
            .detail("Regimes are computed from daily closes; the row of regime_source for candles is used already, not asked for, or lacks a symbol, a high or a low.")
            .hint(format!("SELECT * FROM {}.regime_source WHERE layer = 'candles';", self.own))
    }

    /// Adds a line without a statement.
    pub(super) fn tell(&mut self, step: Step, item: &str, detail: impl Into<String>) {
        self.lines.push(Line::new(step, item, detail));
    }

    /// What daily closes need.
    fn daily(&mut self, record: &mut Record) -> Result<()> {
        let calendar = self.calendar()?;
        let (cal_scheme, is_default) = match &record.cal_scheme {
            Some(cal_scheme) => (cal_scheme.clone(), record.profile.as_deref() != Some(cal_scheme)),
            None => self.scheme(calendar)?,
        };
        let by_symbol = self.found.by_symbol;
        if by_symbol {
            record.names |= self.names()?;
        }
        self.check_others()?;
        self.build(record)?;
        self.map(record, &cal_scheme, calendar)?;
        self.profile(record, &cal_scheme, calendar, is_default)?;
        record.cal_scheme = Some(cal_scheme);
        Ok(())
    }

    /// The calendar of weeks: `iso` unless another is asked for.
    fn calendar(&self) -> Result<&'static str> {
        match self.asked.calendar.as_deref() {
            None | Some("iso") => Ok("iso"),
            Some("us") => Ok("us"),
            Some(other) => Err(invalid_parameter(format!("the calendar of scheme \"{other}\" is not known"))
                .hint(self.asked.call(self.own, &self.found.sql, Some(("cal_scheme", "iso"))))),
        }
    }

    /// The calendar scheme whose rows are to read the relation, and whether it is that of all assets without a profile: the
    /// built-in scheme where nothing uses it, or else one of its own.
    fn scheme(&self, calendar: &str) -> Result<(String, bool)> {
        let rows = rows_of_map(self.own);
        let sql = format!(
            "SELECT bars_schema::text, bars_table::text, origin FROM {rows} WHERE cal_scheme IN ('iso', 'us') AND layer IN ('L0', 'L1', 'L2')"
        );
        let built_in = self.db.all(&sql, &[], Sees::Now, |row| {
            Ok((row.each::<String, 2>(["bars_schema", "bars_table"])?, row.get::<String>("origin")?))
        })?;
        let is_free = |([schema, name], origin): &([String; 2], String)| {
            origin == "built-in" && relation_oid(schema, name).is_none()
        };
        let sql = format!(
            "SELECT cal_scheme FROM {}.regime_profile WHERE profile = '{DEFAULT}' AND cal_scheme IS NOT NULL",
            self.own
        );
        let other: Option<String> = self.db.first(&sql, &[], Sees::Now, |row| row.only())?;
        let of_default = other.unwrap_or_else(|| match calendar {
            "us" => calendar.to_owned(),
            _ => settings::cal_scheme(),
        });
        if built_in.len() == 6 && built_in.iter().all(is_free) && of_default == calendar {
            return Ok((calendar.to_owned(), true));
        }
        let [schema, name] = &self.found.table;
        let scheme = format!("{schema}.{name}");
        let sql = format!("SELECT true FROM {rows} WHERE cal_scheme = $1 LIMIT 1");
        match self.db.first(&sql, &[arg(scheme.as_str())], Sees::Now, |_| Ok(()))? {
            None => Ok((scheme, false)),
            Some(()) => Err(not_in_prerequisite_state(format!(
                "regime_source has rows of a calendar scheme \"{scheme}\" already"
            ))
            .hint(format!(
                "DELETE FROM {}.regime_source WHERE cal_scheme = {};",
                self.own,
                quote_literal(scheme)
            ))),
        }
    }

    /// Names the tables that are built from the closes, and makes those that are missing.
    fn build(&mut self, record: &mut Record) -> Result<()> {
        let [schema, name] = &self.found.table;
        if record.built_schema.is_none() {
            let own_schema = check_may_create(self.db, schema);
            record.built_schema = Some(match own_schema {
                Ok(()) => schema.clone(),
                Err(error) => {
                    let target = settings::target_schema();
                    check_may_create(self.db, &target).map_err(|_| error)?;
                    target
                }
            });
            record.built = ["regime_bars", "regime_emas", "regime_daily_emas"]
                .map(|suffix| built_name(name, suffix))
                .to_vec();
        }
        let Some(built) = &record.built_schema else { return Ok(()) };
        let kinds = ["bars", "calendar emas", "daily emas"];
        let made = build::make(self.db, built, record.built.iter().map(String::as_str).zip(kinds))?;
        let what = "weekly bars, monthly bars and EMAs, which refreshes build";
        let relations: Vec<String> = record.built.iter().map(|name| qualified(built, name)).collect();
        let step = if made { Step::Made } else { Step::Found };
        self.tell(step, "inputs", format!("{what}: {}", relations.join(", ")));
        Ok(())
    }

    /// Makes the profile by which the assets are computed with the scheme, and without a market proxy.
    fn profile(
        &mut self,
        record: &mut Record,
        cal_scheme: &str,
        calendar: &str,
        is_default: bool,
    ) -> Result<()> {
        let own = self.own;
        let name = if is_default { DEFAULT } else { cal_scheme };
        let scheme = (!is_default || calendar != settings::cal_scheme()).then_some(cal_scheme);
        let sql = format!(
            "INSERT INTO {own}.regime_profile (profile, cal_scheme, market_proxy_id) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING"
        );
        let is_made = self.db.execute(&sql, &[arg(name), arg(scheme)])? > 0;
        if is_made {
            record.profile = Some(name.to_owned());
        }
        let mut assets = 0;
        if !is_default {
            assets = self.assign(name, record)?;
        }
        let of = if is_default { "all assets without another" } else { "the assets of the relation" };
        let command = format!("SELECT * FROM {own}.regime_profile WHERE profile = {};", quote_literal(name));
        let step = if is_made || assets > 0 { Step::Made } else { Step::Found };
        self.lines.push(
            Line::new(
                step,
                "profile",
                format!(
                    "{}, of {of}; no asset stands for the market until one is named",
                    quote_literal(name)
                ),
            )
            .command(command),
        );
        Ok(())
    }

    /// Gives the profile to the assets: by a pattern where `dim_assets` is of this relation alone, or else by id.
    fn assign(&self, profile: &str, record: &Record) -> Result<u64> {
        let own = self.own;
        if record.names && self.found.by_symbol {
            let sql = format!(
                "INSERT INTO {own}.regime_profile_asset (profile, pattern) SELECT $1, pg_catalog.repeat('%', 1 + count(*)::int) \
                 FROM {own}.regime_profile_asset WHERE pattern ~ '^%+$' HAVING NOT pg_catalog.bool_or(profile = $1) IS TRUE"
            );
            return self.db.execute(&sql, &[arg(profile)]);
        }
        let sql = format!(
            "INSERT INTO {own}.regime_profile_asset (profile, id) SELECT $1, i.id FROM pg_catalog.unnest($2::int[]) AS i (id) \
             WHERE NOT EXISTS (SELECT FROM {own}.regime_profile_asset AS a WHERE a.id = i.id)"
        );
        self.db.execute(&sql, &[arg(profile), arg(self.ids()?)])
    }
}
