//! What rows are computed with, beside the bars.

use crate::output::set_up;
use crate::pg::{Result, Row};
use crate::source::symbols::Named;

/// What an asset's rows were computed with, beside its bars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    pub version_hash: String,
    pub policy_hash: String,
    /// Fingerprint of the source map, and of columns that were added to the output tables later.
    pub sources: String,
    /// The parameters as an asset keeps them, for commands that refresh the asset.
    pub arguments: String,
    /// Fingerprint of the triggers that mark changes, and of the output tables, which someone may empty or drop;
    /// `None` if a source is not tracked.
    pub tracking: Option<String>,
}

impl Basis {
    /// The basis of an asset whose bars name it by a symbol: `None` where they name it by its id, and `Some(None)` where the
    /// asset has no symbol.
    pub fn of(&self, named: Option<Option<&Named>>) -> Self {
        let Some(named) = named else { return self.clone() };
        Self {
            sources: set_up::with_symbol(&self.sources, named.map(|named| named.symbol.as_str())),
            ..self.clone()
        }
    }

    /// The columns of `cmc_regime_state` that hold a basis.
    pub const COLUMNS: &str = "regime_version_hash, policy_hash, sources, arguments, tracking";

    /// The basis of a row with [`Basis::COLUMNS`].
    ///
    /// # Errors
    /// A column that is missing, of another type, or NULL though it must not be.
    pub fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            version_hash: row.get("regime_version_hash")?,
            policy_hash: row.get("policy_hash")?,
            sources: row.get("sources")?,
            arguments: row.get("arguments")?,
            tracking: row.get("tracking")?,
        })
    }
}
