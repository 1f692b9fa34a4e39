//! What a refresh of an asset would compare with the state of the asset, by the calendar scheme that the asset keeps.

use std::collections::HashMap;
use std::rc::Rc;

use crate::output::fresh::Now;
use crate::pg::{Db, Result, Row, catalog, settings};
use crate::source::map;
use crate::systems::cmc_regimes::engine::print;
use crate::systems::cmc_regimes::{arguments, tracked};

/// What the state of an asset keeps of the last refresh.
pub struct Kept {
    pub sources: String,
    pub tracking: Option<String>,
    pub arguments: String,
}

impl Kept {
    /// What is kept, in the columns `sources`, `tracking` and `arguments`; `None` where there is no state.
    ///
    /// # Errors
    /// A column that is missing or of another type.
    pub fn read(row: &Row) -> Result<Option<Self>> {
        let sources: Option<String> = row.get("sources")?;
        let Some(sources) = sources else { return Ok(None) };
        Ok(Some(Self { sources, tracking: row.get("tracking")?, arguments: row.get("arguments")? }))
    }
}

/// What is known of each calendar scheme.
pub struct OfSchemes<'c> {
    db: Db<'c>,
    schema: String,
    known: HashMap<String, Option<Rc<Now>>>,
}

impl<'c> OfSchemes<'c> {
    /// Of no scheme yet.
    pub fn new(db: Db<'c>) -> Self {
        Self { db, schema: settings::target_schema(), known: HashMap::new() }
    }

    /// What a refresh with the arguments that an asset keeps would compare; `None` if such a refresh would fail by the
    /// source map.
    pub fn of(&mut self, kept: &str) -> Option<Rc<Now>> {
        let scheme = arguments::given(kept).cal_scheme.unwrap_or_else(settings::cal_scheme);
        let find = |scheme: &String| now(self.db, &self.schema, scheme).ok().map(Rc::new);
        self.known.entry(scheme).or_insert_with_key(find).clone()
    }
}

fn now(db: Db, schema: &str, scheme: &str) -> Result<Now> {
    let sources = map::check(db, &map::map(db, scheme, &catalog::extension_schema(db)?)?)?;
    let tracking = tracked::tracking(db, schema, &sources)?;
    Ok(Now { sources: print(db, schema, sources)?, tracking })
}
