//! Complaints about the source map, bars and EMAs: of what a refresh would refuse, and of what it would accept
//! although the rows are then wrong. A bad asset or layer does not end the check.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use pgrx::prelude::*;
use regime_core::cmc_regimes::budget::{Budget, Tier};
use regime_core::cmc_regimes::params::Params;
use regime_core::cmc_regimes::pipeline::{budget_of, young_until};
use regime_core::cmc_regimes::policy::PolicyTable;
use regime_core::cmc_regimes::proxy::Proxy;
use regime_core::{Layer, PerLayer};

use crate::output::finding::Severity;
use crate::pg::{
    Db, Error, Result, Sees, arg, attempt_unless_cancelled, catalog, memory, plural, quote_literal, session,
    spi, utc,
};
use crate::source::bars::{Reader, Span};
use crate::source::clock::Times;
use crate::source::dim_assets::DimAssets;
use crate::source::map::{self, Map, Sources};
use crate::source::relation::Relation;
use crate::source::symbols;
use crate::systems::cmc_regimes::assets::all_ids;
use crate::systems::cmc_regimes::check::complaint::Complaint;
use crate::systems::cmc_regimes::check::labels;
use crate::systems::cmc_regimes::check::layer::{Checked, Layers, Subject, complaints_of};
use crate::systems::cmc_regimes::check::raw::RawReader;
use crate::systems::cmc_regimes::explain::labels::bars_of;
use crate::systems::cmc_regimes::labels::check_apart;
use crate::systems::cmc_regimes::params::{Given, Setup};
use crate::systems::cmc_regimes::profiles::{Own, Profile, Profiles};

/// All complaints about these assets, or about all, the worst first; each asset is checked as its profile says.
///
/// # Errors
/// Where the calendar scheme is unknown, and where the policy or the bars cannot be read.
pub fn check(ids: Option<Vec<i32>>, cal_scheme: Option<String>) -> Result<Vec<Complaint>> {
    spi::connect(|db| of(db, ids, cal_scheme))
}

/// [`check`] with a connection.
///
/// # Errors
/// As [`check`].
pub fn of(db: Db, ids: Option<Vec<i32>>, cal_scheme: Option<String>) -> Result<Vec<Complaint>> {
    let given = Given { cal_scheme, ..Given::default() };
    let profiles = Profiles::now(db, &given)?;
    let mut groups: BTreeMap<Option<&str>, (Own, Option<Vec<i32>>)> = BTreeMap::new();
    let own = ids.as_ref().map_or_else(|| Ok(HashMap::new()), |ids| profiles.of(db, ids))?;
    match &ids {
        None => {
            groups.insert(None, (None, None));
            let used = profiles.rows.used().map(|p| (Some(p.name.as_str()), (Some(Rc::clone(p)), None)));
            groups.extend(used);
        }
        Some(ids) => {
            if own.len() < ids.len() || ids.is_empty() {
                groups.insert(None, (None, Some(Vec::new())));
            }
            for id in ids {
                let profile = own.get(id);
                let group = groups.entry(profile.map(|profile| profile.name.as_str()));
                let (_, ids) = group.or_insert_with(|| (profile.cloned(), Some(Vec::new())));
                ids.iter_mut().for_each(|ids| ids.push(*id));
            }
        }
    }
    let mut complaints = Vec::new();
    for (profile, ids) in groups.into_values() {
        let check = || of_profile(db, &profiles, &profile, ids);
        match &profile {
            None => complaints.extend(check()?),
            // A profile that cannot be used leaves the others.
            Some(_) => match attempt_unless_cancelled(check) {
                Ok(found) => complaints.extend(found),
                Err(error) => complaints.push(of_error(&error, None)),
            },
        }
    }
    complaints.sort_by(|a, b| key(a).cmp(&key(b)));
    complaints.dedup_by(|a, b| key(a) == key(b) && a.command == b.command);
    Ok(complaints)
}

/// The complaints about assets of a profile, or about all of them.
fn of_profile(db: Db, profiles: &Profiles, own: &Own, ids: Option<Vec<i32>>) -> Result<Vec<Complaint>> {
    let schema = catalog::extension_schema(db)?;
    let given = profiles.given(own);
    let cal_scheme = given.scheme();
    let map = map::map(db, &cal_scheme, &schema)?;
    let mut complaints = Vec::new();
    let sources = usable_sources(db, &map, &cal_scheme, &schema, &mut complaints)?;
    let params = match map[Layer::L2] {
        Some(_) => profiles.parameters(db, &given, None)?.params,
        None => Params::default(),
    };
    let labels_of = |row: &map::MapRow| row.labels.iter().flatten().count();
    let labels_read = |source: &map::Source| source.labels.iter().flatten().count();
    let all_labels = map[Layer::L2].as_ref().map(|row| labels_of(row))
        == sources[Layer::L2].as_ref().map(|source| labels_read(source));
    let is_read = |l| all_labels && map[l].is_some() == sources[l].is_some();
    let whole = Layer::ALL.into_iter().all(is_read) && map[Layer::L2].is_some();
    let readers = readers(db, &map, &sources)?;
    let setup = Setup { sources, params, table: Rc::new(PolicyTable::built_in()), policy: None };
    complaints.extend(unlisted(db, &map)?);
    complaints.extend(unnamed(db, &setup)?);
    complaints.extend(nameless(db, &setup)?);
    let all = || {
        let mut ids = all_ids(db, &setup)?;
        let found = profiles.of(db, &ids)?;
        let name = |profile: &Rc<Profile>| profile.name.clone();
        ids.retain(|id| found.get(id).map(name) == own.as_ref().map(name));
        Ok(ids)
    };
    let ids = match ids.map_or_else(all, Ok) {
        Ok(ids) => ids,
        Err(error) => {
            complaints.push(of_error(&error, None));
            Vec::new()
        }
    };
    let weekly = setup.sources[Layer::L1].clone().map(|source| Reader::new(db, source));
    let preflight = Preflight { readers, weekly, params: setup.params, schema, whole, now: session::clock() };
    complaints.extend(preflight.assets(&ids)?);
    Ok(complaints)
}

/// A complaint about a `dim_assets` whose ids are of another type, so that it does not say which assets are refreshed.
fn unlisted(db: Db, map: &Map) -> Result<Option<Complaint>> {
    let Some(row) = &map[Layer::L2] else { return Ok(None) };
    let Some(dim) = DimAssets::find(db, &row.bars[0], Sees::Now)? else { return Ok(None) };
    let DimAssets { relation, id_type, .. } = dim;
    Ok(id_type.map(|id_type| {
        let problem = format!(
            "column id of {relation} is of type {id_type}, not int: every id with daily bars is refreshed, and no symbol is known"
        );
        let command = format!("ALTER TABLE {relation} ALTER COLUMN id TYPE int USING id::int;");
        Complaint::of_all(Severity::Warning, problem, command)
    }))
}

/// A complaint about symbols of daily bars that have no id, so that no asset has these bars.
fn unnamed(db: Db, setup: &Setup) -> Result<Option<Complaint>> {
    let Some(daily) = &setup.sources[Layer::L2] else { return Ok(None) };
    let unnamed = symbols::unnamed(db, &daily.bars, daily.tf.as_deref())?;
    Ok(unnamed.map(|found| Complaint {
        layer: Some(Layer::L2.as_str()),
        n: Some(found.symbols.len() as i64),
        ..Complaint::of_all(Severity::Warning, found.problem(), found.statement)
    }))
}

/// Complaints about daily bars that name no asset, which are not read, and about bars whose symbol is blank, which are those of an
/// asset without a name.
fn nameless(db: Db, setup: &Setup) -> Result<Vec<Complaint>> {
    let Some(daily) = &setup.sources[Layer::L2] else { return Ok(Vec::new()) };
    let Relation { sql, id, shared_condition, symbols, .. } = &daily.bars;
    let [is_null, is_blank] =
        [format!("{id} IS NULL"), format!("pg_catalog.btrim({id}::text, E' \\t\\n\\r') = ''")];
    let is_either = if symbols.is_some() { format!("({is_null} OR {is_blank})") } else { is_null.clone() };
    let counted = format!(
        "SELECT count(*) FILTER (WHERE {is_null}) AS missing, count(*) AS all FROM {sql} WHERE {shared_condition} AND {is_either}"
    );
    let args = [arg(daily.tf.as_deref())];
    let (missing, all): (i64, i64) =
        db.anew().one(&counted, &args, Sees::Now, |row| Ok((row.get("missing")?, row.get("all")?)))?;
    let found = [
        (
            missing,
            if symbols.is_some() {
                "daily bars without a symbol are not read"
            } else {
                "daily bars without an id are not read"
            },
            is_null,
        ),
        (all - missing, "daily bars with a blank symbol are those of an asset without a name", is_blank),
    ];
    let complaint = |(n, problem, is): (i64, &str, String)| Complaint {
        layer: Some(Layer::L2.as_str()),
        n: Some(n),
        ..Complaint::of_all(
            Severity::Warning,
            problem.to_owned(),
            format!("SELECT * FROM {sql} WHERE {is} LIMIT 10;"),
        )
    };
    Ok(found.into_iter().filter(|(n, ..)| *n > 0).map(complaint).collect())
}

fn key(complaint: &Complaint) -> (Severity, Option<i32>, Option<&str>, &str) {
    (complaint.severity, complaint.asset, complaint.layer, &complaint.problem)
}

fn of_error(error: &Error, layer: Option<&'static str>) -> Complaint {
    let report = error.report();
    let command = report.own_hint().unwrap_or_default().to_owned();
    Complaint { layer, ..Complaint::of_all(Severity::Error, report.message.clone(), command) }
}

/// The sources of the map whose relations and columns exist; a complaint for each other source, and for times
/// without a time zone.
fn usable_sources(
    db: Db,
    map: &Map,
    cal_scheme: &str,
    schema: &str,
    complaints: &mut Vec<Complaint>,
) -> Result<Sources> {
    let mut sources = Sources::default();
    if map[Layer::L2].is_none() {
        complaints.push(of_error(&map::no_source(Layer::L2, cal_scheme, schema), Some(Layer::L2.as_str())));
    }
    for layer in Layer::ALL {
        let Some(row) = &map[layer] else { continue };
        let mut row = Rc::clone(row);
        for own in row.labels.clone().into_iter().flatten() {
            // A relation of labels that cannot be read leaves the bars.
            let usable = own.source(db).and_then(|labels| check_apart(db, cal_scheme, &labels));
            if let Err(error) = usable {
                complaints.push(of_error(&error, Some(own.layer.as_str())));
                Rc::make_mut(&mut row).labels[own.layer as usize] = None;
            }
        }
        match map::check_row(db, &row) {
            Ok(source) => sources[layer] = Some(source),
            Err(error) => complaints.push(of_error(&error, Some(layer.as_str()))),
        }
        for own in sources[layer].iter().flat_map(|source| source.labels.iter().flatten()) {
            complaints.extend(labels::complaints(db, own)?);
        }
        for relation in sources[layer].iter().flat_map(|s| [&s.bars, &s.ema]) {
            if relation.times != Times::Zoneless || relation.clock.zone.is_some() {
                continue;
            }
            let problem = format!("times of {} have no time zone: taken as UTC", relation.sql);
            let command = format!(
                "If they are of another zone: UPDATE {schema}.regime_source SET bars_zone = 'Europe/Zurich' WHERE cal_scheme = {} AND layer = '{}';",
                quote_literal(cal_scheme),
                layer.as_str()
            );
            complaints.push(Complaint {
                layer: Some(layer.as_str()),
                ..Complaint::of_all(Severity::Info, problem, command)
            });
        }
    }
    Ok(sources)
}

fn readers<'c>(db: Db<'c>, map: &Map, sources: &Sources) -> Result<PerLayer<Option<RawReader<'c>>>> {
    let days = sources[Layer::L2].as_ref().map(|daily| daily.bars.clock.clone()).unwrap_or_default();
    PerLayer::try_from_fn(|layer| {
        let of = map[layer].as_ref().zip(sources[layer].as_ref());
        of.map(|(row, source)| RawReader::new(db, row, Rc::clone(source), days.clone())).transpose()
    })
}

struct Preflight<'c> {
    readers: PerLayer<Option<RawReader<'c>>>,
    /// Reads the weeks of a market proxy that has passed the check.
    weekly: Option<Reader<'c>>,
    params: Params,
    /// The quoted schema of the extension.
    schema: String,
    /// Whether all layers of the map can be read.
    whole: bool,
    /// The current time, in microseconds since 2000.
    now: i64,
}

impl Preflight<'_> {
    fn assets(&self, ids: &[i32]) -> Result<Vec<Complaint>> {
        let mut complaints = Vec::new();
        let mut young = Vec::new();
        for id in ids {
            pgrx::check_for_interrupts!();
            let (found, its) = memory::in_own_memory(|| self.asset(*id))?;
            complaints.extend(found);
            young.extend(its.filter(|_| Some(*id) != self.params.market_proxy_id));
        }
        if !young.is_empty() && self.whole {
            complaints.extend(self.proxy(&young)?);
        }
        Ok(complaints)
    }

    /// The complaints about an asset, and the asset itself if the market proxy may cap a row of the asset.
    fn asset(&self, id: i32) -> Result<(Vec<Complaint>, Option<Young>)> {
        let layers = match self.layers(id) {
            // A text that is no number.
            Err(error) if error.report().code == PgSqlErrorCode::ERRCODE_DATA_EXCEPTION => {
                return Ok((vec![Complaint { asset: Some(id), ..of_error(&error, None) }], None));
            }
            layers => layers?,
        };
        let mut complaints = complaints_of(&layers, self.subject(id));
        let bars = layers.each_ref().map(|layer| layer.as_ref().map(|checked| checked.raw.bars.len()));
        let days = bars[Layer::L2];
        if days == Some(0) {
            complaints.push(Complaint {
                severity: Severity::Warning,
                asset: Some(id),
                layer: Some(Layer::L2.as_str()),
                problem: "no daily bars".to_owned(),
                n: Some(0),
                first: None,
                command: self.readers[Layer::L2].as_ref().map_or_else(String::new, |reader| {
                    let source = &reader.source;
                    let condition = source.bars.condition_of(id, source.tf.as_deref());
                    format!("SELECT count(*) FROM {} WHERE {condition};", source.bars.sql)
                }),
            });
            return Ok((complaints, None));
        }
        if !self.whole {
            return Ok((complaints, None));
        }
        let budget = budget_of(bars, &self.params);
        complaints.extend(self.history(id, bars, budget, &layers));
        let times = layers.each_ref().map(|layer| layer.as_ref().map(|checked| &checked.ts[..]));
        let newest = times[Layer::L2].and_then(|daily| daily.last()).copied();
        let until = young_until(times, &self.params);
        Ok((complaints, until.map(|until| Young { id, now: newest.filter(|newest| *newest == until) })))
    }

    fn subject(&self, id: i32) -> Subject<'_> {
        Subject { asset: id, cal_scheme: &self.params.cal_scheme, schema: &self.schema, now: self.now }
    }

    fn layers(&self, id: i32) -> Result<Layers<'_>> {
        PerLayer::try_from_fn(|layer| {
            self.readers[layer].as_ref().map(|r| Checked::new(r, r.read(id)?)).transpose()
        })
    }

    /// The layers and the tier that a history of so many bars is too short for.
    fn history(
        &self,
        id: i32,
        bars: PerLayer<Option<usize>>,
        budget: Budget,
        layers: &Layers,
    ) -> Vec<Complaint> {
        let compute =
            |parameter: &str| format!("SELECT * FROM {}.regime_compute({id}{parameter});", self.schema);
        let info = |layer, problem, n, first, command| {
            let severity = Severity::Info;
            Complaint { severity, asset: Some(id), layer, problem, n, first, command }
        };
        let mut complaints = Vec::new();
        for layer in Layer::ALL {
            let (Some(n), false) = (bars[layer], budget.enabled[layer]) else { continue };
            let least = self.params.layers[layer].min_bars;
            let command = match layer {
                Layer::L3 => "Wait for more bars.".to_owned(),
                _ => format!(
                    "Wait for more bars, or try fewer: {}",
                    compute(&format!(", min_bars_{} => {n}", layer.as_str().to_lowercase()))
                ),
            };
            let first = layers[layer].as_ref().and_then(|checked| checked.ts.first().copied());
            let problem = format!("layer is off: it takes {least} bars");
            complaints.push(info(Some(layer.as_str()), problem, Some(n as i64), first, command));
        }
        if budget.tier == Tier::Lite {
            let missing: Vec<String> = Budget::full_needs(budget.enabled[Layer::L0])
                .map(|(layer, fewest)| (layer, bars[layer].unwrap_or(0), fewest))
                .filter(|(_, n, fewest)| n < fewest)
                .map(|(layer, n, fewest)| format!("{n} of {fewest} {} bars", bars_of(layer)))
                .collect();
            let problem = format!("tier lite, volatility by fixed cut-offs: {}", missing.join(", "));
            complaints.push(info(None, problem, None, None, "Wait for more bars.".to_owned()));
        }
        complaints
    }

    /// What is to be said of the market proxy, which young assets depend on: a fault, and how many of them are capped now.
    fn proxy(&self, young: &[Young]) -> Result<Vec<Complaint>> {
        let n = young.len() as i64;
        let assets = plural(n.unsigned_abs(), "asset");
        let complaint = |severity, problem: String, first, command| Complaint {
            severity,
            asset: self.params.market_proxy_id,
            layer: Some(Layer::L1.as_str()),
            problem,
            n: Some(n),
            first,
            command,
        };
        let Some(id) = self.params.market_proxy_id else {
            let problem = format!("no asset stands for the market: young {assets} without a cap");
            let choose = "Name one: SET pg_regime.market_proxy_id = …;".to_owned();
            return Ok(vec![complaint(Severity::Info, problem, None, choose)]);
        };
        let look = || format!("SELECT * FROM {}.regime_check_inputs(ARRAY[{id}]);", self.schema);
        let (Some(reader), Some(weekly)) = (&self.readers[Layer::L1], &self.weekly) else {
            let problem = format!("no weekly source, so no market proxy: young {assets} without a cap");
            return Ok(vec![complaint(Severity::Info, problem, None, look())]);
        };
        let checked = Checked::new(reader, reader.read(id)?)?;
        let mut layers = Layers::default();
        let no_bars = checked.raw.bars.is_empty();
        let unsupportive = checked.bars_without_ema();
        layers[Layer::L1] = Some(checked);
        let worst =
            complaints_of(&layers, self.subject(id)).into_iter().find(|c| c.severity == Severity::Error);
        if no_bars {
            let problem = format!("market proxy has no weekly bars: young {assets} without a cap");
            let choose = "Load them, or SET pg_regime.market_proxy_id = …;".to_owned();
            return Ok(vec![complaint(Severity::Warning, problem, None, choose)]);
        }
        if let Some(worst) = worst {
            let problem = format!(
                "market proxy cannot be used, and young {assets} cannot be computed without it: {}",
                worst.problem
            );
            return Ok(vec![complaint(Severity::Error, problem, worst.first, look())]);
        }
        let lacks = unsupportive.map(|first| {
            let problem =
                format!("market proxy lacks EMAs, the first at {}: young {assets} capped there", utc(first));
            complaint(Severity::Warning, problem, Some(first), look())
        });
        let proxy = Proxy::new(&weekly.series(id, Span::Until(None))?);
        let is_capped = |young: &&Young| {
            young.now.and_then(|now| proxy.at(now)).is_some_and(|(_, supportive)| !supportive)
        };
        let capped: Vec<i32> = young.iter().filter(is_capped).map(|young| young.id).collect();
        let problem = format!("market proxy: caps {} of {n} young {assets} now", capped.len());
        let command = match capped.first() {
            Some(id) => format!("SELECT * FROM {}.regime_explain({id});", self.schema),
            None => "SHOW pg_regime.market_proxy_id;".to_owned(),
        };
        let told =
            Complaint { n: Some(capped.len() as i64), ..complaint(Severity::Info, problem, None, command) };
        Ok(lacks.into_iter().chain([told]).collect())
    }
}

/// An asset of which the market proxy may cap rows.
struct Young {
    id: i32,
    /// The time of the newest row, in microseconds since 2000, if the proxy may cap that row.
    now: Option<i64>,
}
