//! The layered regimes of assets.

pub mod arguments;
pub mod assets;
pub mod basis;
pub mod check;
pub mod chunks;
pub mod compare;
pub mod connect;
pub mod engine;
pub mod explain;
pub mod health;
pub mod labels;
pub mod marked;
pub mod now;
pub mod params;
pub mod policies;
pub mod policy;
pub mod profiles;
pub mod proxy;
pub mod read;
pub mod refresh;
pub mod report;
pub mod row;
pub mod status;
pub mod tables;
pub mod tracked;

use std::rc::Rc;

use crate::output::finding::Kind;
use crate::source::map;
use crate::systems::registered::{Registered, Wording};

/// The layered regimes in the registry.
pub const REGISTERED: Registered = Registered {
    system: &tables::CMC,
    is_default: true,
    watched: |db, _| Ok(tracked::bars(map::all(db)?.iter().map(Rc::as_ref))),
    untracked: status::untracked,
    fresh: status::fresh,
    waiting: refresh::rounds::waiting,
    version: profiles::version,
    locked: health::locked,
    history: read::picture::wanted,
    desk: read::desk::desk,
    breadth: read::desk::breadth,
    compared: compare::COMPARED,
    findings: &[health::mixed_hashes, health::proxies, health::unfinished_round, check::profiles::faults],
    wording: Wording {
        made_of: ["daily bar", "daily bars"],
        made_of_short: ["bar", "bars"],
        failing: Kind::FailingAsset,
        stale: Kind::StaleAsset,
        newest: "SELECT id, symbol, newest_bar, newest_row, stale_because FROM OWN.regime_status() ORDER BY newest_bar, id;",
        untracked: "an asset, and only_dirty is refused",
    },
};
