//! The calendar schemes of the source map, and the one that stored rows were computed in: a command that refreshes these
//! rows must name it, since a refresh in another scheme would rewrite them.

use crate::pg::{Db, Result, Sees, attempt_unless_cancelled, extension_schema, quote_literal, settings};
use crate::source::map::rows_of_map;
use crate::systems::cmc_regimes::engine::Engine;
use crate::systems::cmc_regimes::params::{self, Given};

/// A calendar scheme whose sources can be read.
pub struct Scheme {
    pub name: String,
    /// The version hash of the default policy and parameters.
    pub version: String,
    /// Fingerprint of its rows of the source map.
    sources: String,
}

impl Scheme {
    /// The scheme as a further argument of a call, after a comma; nothing for the scheme of the settings.
    pub fn argument(&self) -> String {
        match self.name == settings::cal_scheme() {
            true => String::new(),
            false => format!(", cal_scheme => {}", quote_literal(&self.name)),
        }
    }
}

/// The schemes of the source map whose sources can be read, by name.
///
/// # Errors
/// Where the source map cannot be read.
pub fn schemes(db: Db) -> Result<Vec<Scheme>> {
    let sql = format!(
        "SELECT DISTINCT cal_scheme::text FROM {} WHERE layer = 'L2' ORDER BY 1",
        rows_of_map(&extension_schema(db)?)
    );
    let names: Vec<String> = db.all(&sql, &[], Sees::Snapshot, |row| row.only())?;
    let one = |name: String| {
        let given = Given { cal_scheme: Some(name.clone()), ..Given::default() };
        let basis = attempt_unless_cancelled(|| {
            Engine::new(db, params::load(db, &given, None)?, None).basis(db, &settings::target_schema(), None)
        });
        basis.ok().map(|basis| Scheme { name, version: basis.version_hash, sources: basis.sources })
    };
    Ok(names.into_iter().filter_map(one).collect())
}

/// The scheme of rows of this version hash that were read from these sources; `None` where more than one scheme, or none,
/// can be meant.
pub fn of<'a>(schemes: &'a [Scheme], version: &str, sources: &str) -> Option<&'a Scheme> {
    let mut same = schemes.iter().filter(|scheme| scheme.sources == sources);
    schemes.iter().find(|scheme| scheme.version == version).or_else(|| match (same.next(), same.next()) {
        (Some(scheme), None) => Some(scheme),
        _ => None,
    })
}
