//! The assets of a call in groups that are computed alike: one for each profile, and one for the assets without a profile of
//! their own.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use regime_core::Layer;
use regime_core::hash::of_texts;

use crate::output::set_up;
use crate::pg::{
    Db, Error, Result, attempt_unless_cancelled, insufficient_privilege, lock, not_in_prerequisite_state,
};
use crate::source::build::Inputs;
use crate::source::relation::{Relation, may_hide_rows, see_all_rows};
use crate::source::{names, symbols};
use crate::systems::cmc_regimes::arguments::{differing, kept_of_profile};
use crate::systems::cmc_regimes::assets::ids_to_refresh;
use crate::systems::cmc_regimes::basis::Basis;
use crate::systems::cmc_regimes::engine::Engine;
use crate::systems::cmc_regimes::params::{Given, Setup};
use crate::systems::cmc_regimes::profiles::{Own, Profile, Profiles, of_profile};
use crate::systems::cmc_regimes::refresh::dirty;
use crate::systems::cmc_regimes::tables::CMC;
use crate::systems::cmc_regimes::tracked;

/// Assets that are computed alike.
pub struct Group<'c> {
    pub profile: Own,
    /// The arguments of the call over the profile.
    pub given: Given,
    /// What the assets are computed with; an error where the profile cannot be used.
    pub ready: Result<Ready<'c>>,
    /// What the call would compute otherwise than the profile.
    pub otherwise: Option<String>,
}

/// What the assets of a group are computed with.
pub struct Ready<'c> {
    pub engine: Engine<'c>,
    pub basis: Basis,
    /// Whether every change of the sources has been marked.
    pub is_marked: bool,
    /// The inputs that a refresh builds before it reads them.
    pub inputs: Option<Inputs<'c>>,
}

/// How the groups of a call are prepared.
#[derive(Clone, Copy)]
pub struct Preparing {
    /// Whether the source relations are locked, so that the call sees them unchanged, and missing tables are made.
    pub to_write: bool,
    pub dry_run: bool,
    pub only_dirty: bool,
    /// Whether the profiles of assets may be overruled.
    pub force: bool,
}

/// The groups of a call, the assets without a profile of their own first, if there may be any.
pub struct Groups<'g, 'c> {
    db: Db<'c>,
    schema: String,
    profiles: Profiles<'g>,
    pub all: Vec<Group<'c>>,
    /// The assets that the caller has listed, ascending, each with its group; `None` for all.
    listed: Option<Vec<(i32, usize)>>,
    dry_run: bool,
}

impl<'g, 'c> Groups<'g, 'c> {
    /// Prepares what the assets are computed with; the target schema is `schema`.
    ///
    /// # Errors
    /// Parameters or sources that cannot be used, other than those of a profile alone; `only_dirty` without tracking.
    pub fn prepare(
        db: Db<'c>,
        schema: &str,
        ids: Option<Vec<i32>>,
        given: &'g Given,
        how: Preparing,
    ) -> Result<Self> {
        let profiles = Profiles::now(db, given)?;
        if how.to_write {
            profiles.check_symbols(db, ids.as_deref())?;
        }
        let mut owns: Vec<Own> = Vec::new();
        let listed = match ids {
            None => {
                owns.push(None);
                owns.extend(profiles.rows.used().cloned().map(Some));
                None
            }
            Some(ids) => Some(grouped(&profiles.of(db, &ids)?, ids, &mut owns)),
        };
        let setups =
            owns.into_iter().map(|own| set_up_of(db, &profiles, own, how)).collect::<Result<Vec<_>>>()?;
        if how.to_write {
            set_up::prepare(db, schema, &CMC, how.dry_run)?;
        }
        let mut all = Vec::with_capacity(setups.len());
        for (profile, given, setup) in setups {
            let ready = match setup {
                Ok(setup) => {
                    let mut ready = ready(db, schema, setup, how)?;
                    if profile.is_some() && !profiles.has_arguments() {
                        ready.basis.arguments = kept_of_profile(&ready.basis.arguments);
                    }
                    Ok(ready)
                }
                Err(error) => Err(error),
            };
            let otherwise = match &ready {
                Ok(ready) if profile.is_some() && profiles.has_arguments() && !how.force && !how.dry_run => {
                    otherwise(db, &profiles, &profile, &ready.engine)
                }
                _ => Ok(None),
            };
            let (ready, otherwise) = match otherwise {
                Ok(otherwise) => (ready, otherwise),
                Err(error) => (Err(error), None),
            };
            all.push(Group { profile, given, ready, otherwise });
        }
        let groups = Self { db, schema: schema.to_owned(), profiles, all, listed, dry_run: how.dry_run };
        if how.to_write && !how.dry_run {
            groups.build_proxies()?;
        }
        Ok(groups)
    }

    /// Builds the inputs of the market proxies, whose weekly bars other assets depend on. One that another session refreshes is
    /// left to that session.
    fn build_proxies(&self) -> Result<()> {
        for group in &self.all {
            let Ok(Ready { engine, inputs: Some(inputs), .. }) = &group.ready else { continue };
            let Some(proxy) = engine.params.market_proxy_id else { continue };
            let space = lock::space(self.db, &self.schema)?;
            if !lock::try_lock_subject(self.db, space, proxy) {
                continue;
            }
            inputs.hold()?;
            let bring = || self.db.with_new_snapshot(|| inputs.bring(proxy));
            if let Err(error) = attempt_unless_cancelled(bring) {
                crate::pg::warn(
                    &format!("inputs of asset {proxy}, the market proxy, were not built"),
                    &error,
                );
            }
        }
        Ok(())
    }

    /// The assets, ascending, each with the index of its group; those that are assigned to it of a profile that cannot be used.
    ///
    /// # Errors
    /// As [`ids_to_refresh`], and symbols that cannot be read.
    pub fn assets(&mut self) -> Result<Vec<(i32, usize)>> {
        if let Some(listed) = self.listed.take() {
            return Ok(listed);
        }
        let (db, schema, dry_run) = (self.db, &self.schema, self.dry_run);
        let of = |group: &Group| match &group.ready {
            Ok(Ready { engine, basis, .. }) => {
                if let Some(daily) = engine.reader(Layer::L2) {
                    symbols::name_new(db, daily.source().of_symbols(), dry_run)?;
                }
                ids_to_refresh(db, engine, schema, basis)
            }
            // Assets that are not listed here would be left out without a word.
            Err(_) => {
                group.profile.as_ref().map_or(Ok(Vec::new()), |profile| self.profiles.assigned(db, profile))
            }
        };
        let mut found = self.all.iter().map(of).collect::<Result<Vec<_>>>()?;
        if let [_] = found[..] {
            return Ok(found.remove(0).into_iter().map(|id| (id, 0)).collect());
        }
        let ids: BTreeSet<i32> = found.iter().flatten().copied().collect();
        let ids: Vec<i32> = ids.into_iter().collect();
        // Symbols that were given ids just now have profiles, too.
        let own = db.with_new_snapshot(|| self.profiles.of(db, &ids))?;
        let found: Vec<HashSet<i32>> = found.into_iter().map(|ids| ids.into_iter().collect()).collect();
        let index: HashMap<Option<&str>, usize> = self
            .all
            .iter()
            .enumerate()
            .map(|(n, group)| (group.profile.as_ref().map(|p| p.name.as_str()), n))
            .collect();
        let group_of = |id: &i32| index.get(&own.get(id).map(|profile| profile.name.as_str())).copied();
        let taken =
            |(id, group): &(i32, usize)| found[*group].contains(id) || self.all[*group].ready.is_err();
        let assets = ids.iter().filter_map(|id| Some((*id, group_of(id)?)));
        Ok(assets.filter(taken).collect())
    }

    /// Those of the assets that a refresh would change ([`dirty::among`]).
    ///
    /// # Errors
    /// As [`dirty::among`].
    pub fn dirty(&self, assets: Vec<(i32, usize)>, even_unsure: bool) -> Result<Vec<(i32, usize)>> {
        let mut by_group: BTreeMap<usize, Vec<i32>> = BTreeMap::new();
        assets.into_iter().for_each(|(id, group)| by_group.entry(group).or_default().push(id));
        let mut dirty = Vec::new();
        for (group, ids) in by_group {
            let ids = match &self.all[group].ready {
                Ok(Ready { engine, basis, is_marked, .. }) if even_unsure || *is_marked => {
                    dirty::among(self.db, engine, &self.schema, basis, ids)?
                }
                _ => ids,
            };
            dirty.extend(ids.into_iter().map(|id| (id, group)));
        }
        dirty.sort_unstable();
        Ok(dirty)
    }

    /// The version hash of the first group that can be used.
    pub fn version(&self) -> &str {
        let mut versions = self.all.iter().filter_map(|group| group.ready.as_ref().ok());
        versions.next().map_or("", |ready| ready.engine.version_hash())
    }

    /// What the groups are computed with, as the task of a round names it.
    pub fn task(&self) -> String {
        let of = |group: &Group| match &group.ready {
            Ok(ready) => format!("{}, sources {}", ready.basis.version_hash, &ready.basis.sources[..8]),
            Err(error) => error.report().message.clone(),
        };
        let [first, others @ ..] = &self.all[..] else { return String::new() };
        let Some(print) = self.profiles.print() else { return of(first) };
        let texts: Vec<String> = [print].into_iter().chain(others.iter().map(of)).collect();
        let print = of_texts(texts.iter().map(String::as_str)).to_string();
        format!("{}, profiles {}", of(first), &print[..8])
    }

    /// The error of an asset whose rows the call would compute otherwise than the profile of the asset says; `own` is the
    /// quoted schema of the extension.
    ///
    /// # Errors
    /// A source map that cannot be read.
    pub fn refused(&self, id: i32, group: &Group, own: &str) -> Result<Option<Error>> {
        let (Some(profile), Some(otherwise)) = (&group.profile, &group.otherwise) else { return Ok(None) };
        let asset = names::in_words(self.db, id, group.given.cal_scheme.as_deref())?;
        Ok(Some(not_in_prerequisite_state(format!(
            "{asset} has the profile \"{}\", and this call would rewrite its rows by other parameters: {otherwise}",
            profile.name
        ))
        .detail("The parameters of an asset are those of its profile. With force => true, a refresh uses its arguments all the same, and the rows are stale afterwards.")
        .hint(format!("SELECT * FROM {own}.refresh_cmc_regimes({id});"))))
    }
}

/// Listed assets with the index of their group, which is added where there is none yet; the group of the assets without a
/// profile is the first, if there are any or none at all.
fn grouped(own: &HashMap<i32, Rc<Profile>>, ids: Vec<i32>, owns: &mut Vec<Own>) -> Vec<(i32, usize)> {
    if own.len() < ids.len() || ids.is_empty() {
        owns.push(None);
    }
    let mut index: HashMap<&str, usize> = HashMap::new();
    let mut group_of = |id: &i32| {
        let Some(profile) = own.get(id) else { return 0 };
        *index.entry(&profile.name).or_insert_with(|| {
            owns.push(Some(Rc::clone(profile)));
            owns.len() - 1
        })
    };
    ids.into_iter().map(|id| (id, group_of(&id))).collect()
}

type SetUp = (Own, Given, Result<Setup>);

/// The setup of a group. A profile that cannot be used is an error of its assets alone.
fn set_up_of(db: Db, profiles: &Profiles, own: Own, how: Preparing) -> Result<SetUp> {
    let given = profiles.given(&own);
    let load = || {
        let parameters = profiles.parameters(db, &given, None)?;
        if !how.to_write {
            return parameters.setup(db, &given);
        }
        let setup = parameters.setup_held(db, &given)?;
        check_labels_shown(db, &setup)?;
        Ok(setup)
    };
    if own.is_none() {
        let setup = load().map_err(|error| profiles.of_default(error))?;
        return Ok((own, given, Ok(setup)));
    }
    let setup = attempt_unless_cancelled(load).map_err(|error| of_profile(&own, error));
    if setup.is_err() && profiles.has_arguments() {
        // Arguments that can be used with no profile are an error of the call.
        profiles.parameters(db, &profiles.given(&None), None)?;
    }
    Ok((own, given, setup))
}

/// Refuses to compute rows without labels from elsewhere that may be hidden: the rows would be looser.
fn check_labels_shown(db: Db, setup: &Setup) -> Result<()> {
    let Some(daily) = &setup.sources[Layer::L2] else { return Ok(()) };
    // A label that is given stands in place of those of a relation, which is not read then.
    let read = daily.labels.iter().zip(&setup.params.outside).filter(|(_, read)| read.is_some());
    for labels in read.filter_map(|(labels, _)| labels.as_ref()) {
        let Relation { sql, symbols, .. } = &labels.relation;
        for relation in [sql].into_iter().chain(symbols) {
            if may_hide_rows(db, relation)? {
                return Err(insufficient_privilege(format!(
                    "row-level security of {relation} may hide labels of layer {}",
                    labels.layer.as_str()
                ))
                .hint(see_all_rows()));
            }
        }
    }
    Ok(())
}

fn ready<'c>(db: Db<'c>, schema: &str, setup: Setup, how: Preparing) -> Result<Ready<'c>> {
    let tracking = tracked::tracking(db, schema, &setup.sources)?;
    if how.only_dirty && tracking.is_none() {
        return Err(tracked::not_tracked(db, &setup.sources)?);
    }
    let is_marked = tracking.as_ref().is_some_and(|tracking| tracking.is_complete());
    let engine = Engine::new(db, setup, None);
    let basis = engine.basis(db, schema, tracking.map(|tracking| tracking.fingerprint.clone()))?;
    let builds = how.to_write && !how.dry_run;
    let inputs = if builds { Inputs::find(db, &engine.params.cal_scheme)? } else { None };
    Ok(Ready { engine, basis, is_marked, inputs })
}

/// What the arguments of a call make otherwise than the profile says; `None` where the rows are the same.
fn otherwise(db: Db, profiles: &Profiles, own: &Own, engine: &Engine) -> Result<Option<String>> {
    let given = profiles.of_profile(own);
    let of_profile = attempt_unless_cancelled(|| profiles.parameters(db, given, None))?;
    if of_profile.version() == engine.version_hash() {
        return Ok(None);
    }
    let differing = differing(&engine.arguments(), &of_profile.arguments(given));
    Ok(Some(differing.join(", ")))
}
