//! Complaints about the source map, bars and EMAs: of what a refresh would refuse, and of what it would accept
//! although the rows are then wrong. A bad asset or layer does not end the check.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use pgrx::prelude::*;
use regime_core::cmc_regimes::budget::{Budget, Tier};
use regime_core::cmc_regimes::params::Params;
use regime_core::cmc_regimes::pipeline::{budget_of, young_until};
use regime_core::cmc_regimes::policy::PolicyTable;
use regime_core::{Layer, PerLayer};

use crate::output::complaint::{Summary, summed_up};
use crate::output::finding::{Severity, Together};
use crate::pg::{
    Db, Error, Result, Sees, arg, attempt_unless_cancelled, catalog, memory, quote_literal, session, spi,
};
use crate::source::bars::Reader;
use crate::source::clock::Times;
use crate::source::dim_assets::DimAssets;
use crate::source::map::{self, Map, Sources};
use crate::source::relation::Relation;
use crate::source::symbols;
use crate::systems::cmc_regimes::assets::all_ids;
use crate::systems::cmc_regimes::check::layer::{Checked, Layers, Subject, complaints_of};
use crate::systems::cmc_regimes::check::proxy::Young;
use crate::systems::cmc_regimes::check::raw::RawReader;
use crate::systems::cmc_regimes::check::{Complaint, index, labels};
use crate::systems::cmc_regimes::explain::labels::bars_of;
use crate::systems::cmc_regimes::labels::check_apart;
use crate::systems::cmc_regimes::params::{Given, Setup};
use crate::systems::cmc_regimes::profiles::{Own, Profile, Profiles};

/// All complaints about these assets, or about all, the worst first; each asset is checked as its profile says.
///
/// # Errors
/// Where the calendar scheme is unknown, and where the policy or the bars cannot be read.
pub fn details(ids: Option<Vec<i32>>, cal_scheme: Option<String>) -> Result<Vec<Complaint>> {
    spi::connect(|db| of(db, ids, cal_scheme))
}

/// [`details`] summed up: one for each severity, layer and kind.
///
/// # Errors
/// As [`details`].
pub fn check(ids: Option<Vec<i32>>, cal_scheme: Option<String>) -> Result<Vec<Summary<i32, &'static str>>> {
    let schema = spi::connect(catalog::extension_schema)?;
    let complaints = details(ids, cal_scheme.clone())?;
    Ok(summed_up(complaints, |layer, kind, who| {
        let list: Vec<String> = who.iter().map(i32::to_string).collect();
        let assets = (who.len() <= Together::MOST).then(|| format!("ARRAY[{}]", list.join(", ")));
        let scheme = cal_scheme.as_ref().map(|scheme| format!("cal_scheme => {}", quote_literal(scheme)));
        let arguments: Vec<String> = assets.into_iter().chain(scheme).collect();
        format!(
            "SELECT * FROM {schema}.regime_check_inputs_details({}) WHERE layer {} AND starts_with(problem, {});",
            arguments.join(", "),
            layer.map_or_else(|| "IS NULL".to_owned(), |layer| format!("= '{layer}'")),
            quote_literal(kind)
        )
    }))
}

/// [`details`] with a connection.
///
/// # Errors
/// As [`details`].
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
    complaints.sort_by_cached_key(key);
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
    if let Some(first) = ids.first() {
        complaints.extend(index::complaints(db, &setup.sources, *first)?);
    }
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
        Complaint::of_all(Severity::Warning, problem).typed(command)
    }))
}

/// A complaint about symbols of daily bars that have no id, so that no asset has these bars.
fn unnamed(db: Db, setup: &Setup) -> Result<Option<Complaint>> {
    let Some(daily) = &setup.sources[Layer::L2] else { return Ok(None) };
    let unnamed = symbols::unnamed(db, &daily.bars, daily.tf.as_deref())?;
    Ok(unnamed.map(|found| Complaint {
        place: Some(Layer::L2.as_str()),
        n: Some(found.symbols.len() as i64),
        ..Complaint::of_all(Severity::Warning, found.problem()).typed(found.statement)
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
        place: Some(Layer::L2.as_str()),
        n: Some(n),
        ..Complaint::of_all(Severity::Warning, problem)
            .typed(format!("SELECT * FROM {sql} WHERE {is} LIMIT 10;"))
    };
    Ok(found.into_iter().filter(|(n, ..)| *n > 0).map(complaint).collect())
}

fn key(complaint: &Complaint) -> (Severity, Option<i32>, Option<&'static str>, String) {
    (complaint.severity, complaint.who, complaint.place, complaint.problem())
}

fn of_error(error: &Error, layer: Option<&'static str>) -> Complaint {
    let report = error.report();
    let complaint = Complaint::of_all(Severity::Error, report.message.clone());
    Complaint { place: layer, ..complaint.hinted(report.own_hint(), report.hint.as_deref()) }
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
            let row =
                format!("WHERE cal_scheme = {} AND layer = '{}'", quote_literal(cal_scheme), layer.as_str());
            let zone = format!(
                "If they are of another zone: UPDATE {schema}.regime_source SET bars_zone = 'Europe/Zurich' {row};"
            );
            let show = format!("SELECT * FROM {schema}.regime_source {row};");
            let complaint = Complaint::of_all(Severity::Info, problem).typed(show).advised(zone);
            complaints.push(Complaint { place: Some(layer.as_str()), ..complaint });
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

/// What the checks of all assets of a profile share.
pub struct Preflight<'c> {
    pub readers: PerLayer<Option<RawReader<'c>>>,
    /// Reads the weeks of a market proxy that has passed the check.
    pub weekly: Option<Reader<'c>>,
    pub params: Params,
    /// The quoted schema of the extension.
    pub schema: String,
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
                let Complaint { kind, command, advice, .. } = of_error(&error, None);
                let of_asset = Complaint::of_all(Severity::Error, "bars cannot be read");
                let varying = format!(": {kind}");
                return Ok((vec![Complaint { who: Some(id), varying, command, advice, ..of_asset }], None));
            }
            layers => layers?,
        };
        let mut complaints = complaints_of(&layers, self.subject(id));
        let bars = layers.each_ref().map(|layer| layer.as_ref().map(|checked| checked.raw.bars.len()));
        let days = bars[Layer::L2];
        if days == Some(0) {
            let count = self.readers[Layer::L2].as_ref().map(|reader| {
                let source = &reader.source;
                let condition = source.bars.condition_of(id, source.tf.as_deref());
                format!("SELECT count(*) FROM {} WHERE {condition};", source.bars.sql)
            });
            complaints.push(Complaint {
                who: Some(id),
                place: Some(Layer::L2.as_str()),
                n: Some(0),
                command: count,
                ..Complaint::of_all(Severity::Warning, "no daily bars")
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

    /// The asset of this id.
    pub fn subject(&self, id: i32) -> Subject<'_> {
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
        let mut complaints = Vec::new();
        for layer in Layer::ALL {
            let (Some(n), false) = (bars[layer], budget.enabled[layer]) else { continue };
            let least = self.params.layers[layer].min_bars;
            let with_fewer = format!(
                "SELECT * FROM {}.regime_compute({id}, min_bars_{} => {n});",
                self.schema,
                layer.as_str().to_lowercase()
            );
            let complaint = Complaint {
                who: Some(id),
                place: Some(layer.as_str()),
                varying: format!(": it takes {least} bars"),
                n: Some(n as i64),
                first: layers[layer].as_ref().and_then(|checked| checked.ts.first().copied()),
                ..Complaint::of_all(Severity::Info, "layer is off")
            };
            complaints.push(match layer {
                Layer::L3 => complaint.advised("Wait for more bars."),
                _ => complaint
                    .typed(with_fewer)
                    .advised("Wait for more bars, or try fewer, as the command does."),
            });
        }
        if budget.tier == Tier::Lite {
            let missing: Vec<String> = Budget::full_needs(budget.enabled[Layer::L0])
                .map(|(layer, fewest)| (layer, bars[layer].unwrap_or(0), fewest))
                .filter(|(_, n, fewest)| n < fewest)
                .map(|(layer, n, fewest)| format!("{n} of {fewest} {} bars", bars_of(layer)))
                .collect();
            let lite = Complaint::of_all(Severity::Info, "tier lite, volatility by fixed cut-offs");
            let varying = format!(": {}", missing.join(", "));
            complaints.push(Complaint { who: Some(id), varying, ..lite.advised("Wait for more bars.") });
        }
        complaints
    }
}
