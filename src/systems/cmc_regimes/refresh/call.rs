//! A refresh call: which assets, one after another, and a summary of each.

use std::collections::HashMap;

use regime_core::Layer;

use crate::output::entry::{self, About, Done, Entry};
use crate::output::refresh::{Attempt, Refreshed, Subjects, together};
use crate::pg::{
    Db, Error, Result, attempt, attempt_unless_cancelled, extension_schema, invalid_parameter, lock,
    lock::lock_subject, memory, read_only_transaction, session, settings, spi,
};
use crate::source::names;
use crate::systems::cmc_regimes::assets::sorted_ids;
use crate::systems::cmc_regimes::params::Given;
use crate::systems::cmc_regimes::refresh::groups::{Group, Groups, Preparing};
use crate::systems::cmc_regimes::refresh::notify::{self, Flip};
use crate::systems::cmc_regimes::refresh::shared::{Call, How, OfAsset};
use crate::systems::cmc_regimes::tables::CMC;

/// The summary of an asset that was refreshed.
#[derive(Clone, Debug)]
pub struct Summary {
    pub id: i32,
    pub entry: Entry,
    /// Rows in the output tables, in the order of [`TABLES`](crate::systems::cmc_regimes::tables::TABLES); `None` after
    /// a failure.
    pub rows: Option<[i64; 4]>,
    /// `None` without rows.
    pub feature_tier: Option<&'static str>,
}

/// Refreshes assets, or every active asset, in ascending order, each whole or not at all (specification 2, Refresh).
///
/// # Errors
/// Options that exclude each other, a read-only transaction, parameters or sources that cannot be used, `only_dirty`
/// without tracking, or a cancel; an asset that fails is told in its summary.
pub fn refresh(ids: Option<Vec<Option<i32>>>, given: &Given, how: How) -> Result<Vec<Summary>> {
    if !how.dry_run && session::transaction_is_read_only() {
        return Err(
            read_only_transaction("refresh_cmc_regimes()").detail("A call with dry_run => true only reads.")
        );
    }
    if how.full_refresh && how.only_dirty {
        return Err(invalid_parameter("full_refresh and only_dirty are both true")
            .hint("Leave one of them out: full_refresh computes assets whether they changed or not."));
    }
    let listed = ids.map(sorted_ids).transpose()?;
    let How { dry_run, full_refresh, only_dirty, force, strict } = how;
    spi::connect(|db| {
        let schema = settings::target_schema();
        let own = extension_schema(db)?;
        let strict = strict.then(|| keeps_others(&own, listed.as_deref()));
        let preparing = Preparing { to_write: true, dry_run, only_dirty, force };
        let mut groups = Groups::prepare(db, &schema, listed, given, preparing)?;
        let assets = groups.assets()?;
        let assets = if only_dirty { groups.dirty(assets, false)? } else { assets };
        let space = lock::space(db, &schema)?;
        let version = groups.version();
        let call = entry::Call { db, system: &CMC, schema: &schema, version, dry_run, strict };
        let lock = |portion: &[(i32, usize)]| {
            portion.iter().for_each(|(id, _)| lock_subject(db, space, *id));
            Ok(())
        };
        let one = |(id, group): &(i32, usize)| {
            let group = &groups.all[*group];
            let refresh = || {
                if let Some(error) = groups.refused(*id, group, &own)? {
                    return Err(error);
                }
                let ready = group.ready.as_ref().map_err(Error::clone)?;
                // Read before the bars: a symbol that changes meanwhile is then seen by the next refresh.
                let named = ready.engine.named(db, &[*id])?;
                let named = named.as_ref().map(|named| named.get(id));
                let (basis, named) = (ready.basis.of(named), named.flatten());
                Call { basis: &basis, named, ..Call::of(db, &schema, ready, how) }.refresh(*id)
            };
            let done = memory::in_own_memory(|| attempt(refresh));
            let read = group.ready.as_ref().map_or(0, |ready| ready.engine.rows_read_for(*id));
            Attempt { read, done }
        };
        let of_portion = |portion: &[(i32, usize)]| {
            let mut all = HashMap::new();
            for (number, group) in groups.all.iter().enumerate() {
                let of_group = portion.iter().enumerate().filter(|(_, (_, group))| *group == number);
                let (places, ids): (Vec<usize>, Vec<i32>) =
                    of_group.map(|(place, (id, _))| (place, *id)).unzip();
                let Ok(ready) = &group.ready else { continue };
                if ids.len() < 2 || full_refresh || group.otherwise.is_some() {
                    continue;
                }
                let done = together(&ids, |ids| Call::of(db, &schema, ready, how).together(ids));
                all.extend(done.into_iter().map(|(place, attempt)| (places[place], attempt)));
            }
            all
        };
        let symbols = symbols(db, &groups, &assets);
        let about = |(id, group): &(i32, usize)| {
            let Group { given, ready, .. } = &groups.all[*group];
            let version = ready.as_ref().map_or("", |ready| ready.engine.version_hash());
            About { name: symbols.get(id).cloned(), ..about(*id, given, version) }
        };
        let all = call.each(assets, &Subjects { about, lock, together: of_portion, one })?;
        if !dry_run && notify::is_on() {
            announce(&all);
        }
        Ok(all.into_iter().map(summary).collect())
    })
}

/// The hint of the error that ends a strict call; `own` is the quoted schema of the extension.
fn keeps_others(own: &str, ids: Option<&[i32]>) -> String {
    let assets = ids.map(|ids| {
        let ids: Vec<String> = ids.iter().map(i32::to_string).collect();
        format!("assets => '{{{}}}'", ids.join(","))
    });
    format!(
        "Nothing of the call is kept. This keeps the rows of all others: CALL {own}.refresh_all_cmc_regimes({});",
        assets.unwrap_or_default()
    )
}

/// The symbols of assets, each in the calendar scheme of its group; none of a group whose names cannot be read.
fn symbols(db: Db, groups: &Groups, assets: &[(i32, usize)]) -> HashMap<i32, String> {
    let of_group = |(place, group): (usize, &Group)| {
        let ids: Vec<i32> = assets.iter().filter(|(_, of)| *of == place).map(|(id, _)| *id).collect();
        let daily = group.ready.as_ref().ok().and_then(|ready| ready.engine.reader(Layer::L2));
        let schema = daily.map(|daily| daily.source().bars_schema.as_str());
        let find = || {
            let found = schema.map(|schema| names::symbols_beside(db, schema, &ids)).transpose()?;
            match found.filter(|found| found.len() == ids.len()) {
                Some(found) => Ok(found),
                None => names::symbols_of(db, &ids, group.given.cal_scheme.as_deref()),
            }
        };
        // A symbol that was given its id by this call has its name, too.
        attempt_unless_cancelled(|| db.with_new_snapshot(find)).unwrap_or_default()
    };
    groups.all.iter().enumerate().flat_map(of_group).collect()
}

/// Records the assets whose newest regime is another one now.
fn announce(all: &[Refreshed<(i32, usize), OfAsset>]) {
    for Refreshed { subject: (id, _), entry, done } in all {
        let Some(Done { more, .. }) = done else { continue };
        if more.before != more.after {
            let [before, after] = [&more.before, &more.after].map(Clone::clone);
            notify::flipped(Flip { id: *id, symbol: entry.name.clone(), at: more.newest, before, after });
        }
    }
}

/// An asset as the subject of an entry.
pub fn about<'a>(id: i32, given: &'a Given, version: &'a str) -> About<'a> {
    About {
        system: &CMC,
        id: Some(id),
        name: None,
        cal_scheme: given.cal_scheme.as_deref(),
        lacks: "daily bars",
        version,
    }
}

fn summary(refreshed: Refreshed<(i32, usize), OfAsset>) -> Summary {
    let Refreshed { subject: (id, _), entry, done } = refreshed;
    let Some(Done { rows, more, .. }) = done else {
        return Summary { id, entry, rows: None, feature_tier: None };
    };
    Summary { id, entry, rows: Some(more.rows), feature_tier: (rows > 0).then_some(more.feature_tier) }
}
