//! Whether the rows of an asset are what a refresh with the profile of the asset, or with the arguments that an asset without
//! a profile of its own keeps, would go on from.

use std::collections::HashMap;
use std::rc::Rc;

use crate::output::fresh::Now;
use crate::pg::{Db, Error, Micros, Result, Row, attempt_unless_cancelled, settings};
use crate::source::symbols::{self, Named};
use crate::systems::cmc_regimes::basis::Basis;
use crate::systems::cmc_regimes::engine::Engine;
use crate::systems::cmc_regimes::params::{Given, NOTHING};
use crate::systems::cmc_regimes::profiles::{Profile, Profiles};
use crate::systems::cmc_regimes::refresh::dirty::proxy_has_changed;
use crate::systems::cmc_regimes::tracked;

/// What the state of an asset keeps of the last refresh.
pub struct Kept {
    pub basis: Basis,
    /// The time of the newest row, in microseconds since 2000.
    pub newest: i64,
    /// Fingerprint of the market proxy, for an asset that depends on it.
    proxy: Option<String>,
}

impl Kept {
    /// What is kept, in columns of `cmc_regime_state`, of which the FROM item is `c`.
    pub const COLUMNS: &str = "c.arguments, c.ts AS kept_newest, c.regime_version_hash, c.policy_hash, c.sources, c.tracking, c.proxy";

    /// What is kept; `None` where there is no state.
    ///
    /// # Errors
    /// A column that is missing or of another type.
    pub fn read(row: &Row) -> Result<Option<Self>> {
        let Some(Micros(newest)) = row.get("kept_newest")? else { return Ok(None) };
        Ok(Some(Self { basis: Basis::read(row)?, newest, proxy: row.get("proxy")? }))
    }
}

/// What is found of the rows of an asset.
#[derive(Default)]
pub struct Found {
    /// What has changed since the last refresh, each after "the".
    pub changed: Vec<&'static str>,
    /// Whether bars may have changed without a mark.
    pub unsure: bool,
    /// Why a refresh with the arguments that the asset keeps would fail.
    pub refused: Option<Error>,
}

impl Found {
    /// Whether a refresh would not go on from the rows; `None` where this is unknown.
    pub fn is_other(&self) -> Option<bool> {
        let is_other = !self.changed.is_empty();
        (is_other || !self.unsure).then_some(is_other)
    }
}

/// What a refresh with some arguments would compare.
struct OfArguments<'c> {
    engine: Engine<'c>,
    now: Now,
    /// The symbols of all assets, where bars name assets by symbols.
    named: Option<HashMap<i32, Named>>,
}

/// What is known of each profile, and of each text of arguments of assets without a profile of their own.
pub struct Judge<'c> {
    db: Db<'c>,
    schema: String,
    profiles: Result<(Profiles<'static>, HashMap<i32, Rc<Profile>>)>,
    known: HashMap<(Option<String>, String), Result<OfArguments<'c>>>,
}

impl<'c> Judge<'c> {
    /// Of these assets.
    pub fn new(db: Db<'c>, ids: &[i32]) -> Self {
        let profiles = attempt_unless_cancelled(|| {
            let profiles = Profiles::now(db, &NOTHING)?;
            let own = profiles.of(db, ids)?;
            Ok((profiles, own))
        });
        Self { db, schema: settings::target_schema(), profiles, known: HashMap::new() }
    }

    /// Judges the rows of an asset by what is kept of the asset and by the newest row: its time, in microseconds since 2000,
    /// and its version hash.
    pub fn judge(&mut self, id: i32, kept: Option<&Kept>, newest: Option<(i64, Option<&str>)>) -> Found {
        let Some(Kept { basis: kept, newest: kept_newest, proxy }) = kept else {
            return Found { unsure: newest.is_some(), ..Found::default() };
        };
        let refused =
            |error: &Error| Found { unsure: true, refused: Some(error.clone()), ..Found::default() };
        let (profiles, own) = match &self.profiles {
            Ok((profiles, own)) => (profiles, own.get(&id).cloned()),
            Err(error) => return refused(error),
        };
        let key = match &own {
            Some(profile) => (Some(profile.name.clone()), String::new()),
            None => (None, kept.arguments.clone()),
        };
        let find =
            |_: &_| of_arguments(self.db, &self.schema, profiles, &profiles.due(&own, &kept.arguments));
        let of = self.known.entry(key).or_insert_with_key(find);
        let OfArguments { engine, now, named } = match of {
            Ok(of) => of,
            Err(error) => return refused(error),
        };
        let named = named.as_ref().map(|named| named.get(&id));
        let symbol = named.map(|named| named.map(|named| named.symbol.as_str()));
        let other_sources = now.changed(&kept.sources, symbol);
        // A proxy that was read from other sources is not this one.
        let proxy = proxy.as_deref().filter(|_| other_sources.is_none());
        let other = [
            (kept.policy_hash != engine.policy_hash()).then_some("rules of the policy"),
            (kept.policy_hash == engine.policy_hash() && kept.version_hash != engine.version_hash())
                .then_some("parameters"),
            other_sources,
            newest
                .is_some_and(|newest| newest != (*kept_newest, Some(kept.version_hash.as_str())))
                .then_some("stored rows"),
            proxy
                .is_some_and(|before| proxy_has_changed(engine, before))
                .then_some("weekly bars of the market proxy"),
        ];
        let unsure = !now.is_sure(kept.tracking.as_deref());
        Found { changed: other.into_iter().flatten().collect(), unsure, refused: None }
    }
}

fn of_arguments<'c>(db: Db<'c>, schema: &str, profiles: &Profiles, given: &Given) -> Result<OfArguments<'c>> {
    let setup = profiles.parameters(db, given, None)?.setup(db, given)?;
    let tracking = tracked::tracking(db, schema, &setup.sources)?;
    let engine = Engine::new(db, setup, None);
    let sources = engine.basis(db, schema, None)?.sources;
    let named = engine.symbols().map(|dim| symbols::named(db, dim, None)).transpose()?;
    Ok(OfArguments { engine, now: Now { sources, tracking }, named })
}
