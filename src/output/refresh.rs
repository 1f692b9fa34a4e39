//! The loop of every refresh: lock a subject, attempt it, summarise it, settle marks, log.

use pgrx::prelude::*;
use std::collections::BTreeSet;

use crate::output::grants::with_grants;
use crate::output::system::System;
use crate::pg::error::report_warning;
use crate::pg::spi::Db;
use crate::pg::subtransaction::attempt_unless_cancelled;
use crate::track::marks::Marks;

/// Removes marks of many that have served. To leave them there harms nothing.
pub fn settle(db: Db, schema: &str, (system, marks): (&System, &Marks), of_many: BTreeSet<String>) {
    let of_many: Vec<String> = of_many.into_iter().collect();
    match attempt_unless_cancelled(|| marks.settle(db, schema, &of_many)) {
        Ok(()) => {}
        // By its snapshot they are there, but another session has removed them.
        Err(error) if error.report().code == PgSqlErrorCode::ERRCODE_T_R_SERIALIZATION_FAILURE => {}
        Err(error) => {
            let error = with_grants(error, system, schema);
            report_warning(&format!("marks of many {} are not removed", system.subject[1]), &error, None);
        }
    }
}
