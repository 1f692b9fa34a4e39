//! PostgreSQL's own interfaces: statements and rows, locks, memory, settings, errors. Only here is code unsafe.
#![allow(unsafe_code)]

pub mod arg;
pub mod asset;
pub mod at_commit;
pub mod cache;
pub mod catalog;
pub mod citus;
pub mod columns;
pub mod environment;
pub mod error;
pub mod hold;
pub mod json;
pub mod lock;
pub mod memory;
pub mod owner;
pub mod progress;
pub mod receiver;
pub mod result_set;
pub mod row;
pub mod running;
pub mod session;
pub mod settings;
pub mod spi;
pub mod subtransaction;
pub mod syscache;
pub mod text;
pub mod time;
pub mod timescale;

pub use arg::{Arg, arg, date_arg, timestamp_arg, timestamps_arg};
pub use cache::{Same, announce, idle_or, known, known_of_versions, read_once, reading_once, written};
pub use catalog::{
    Action, Column, Outcome, check_may_create, check_schema, columns, columns_of, extension_schema, keys_of,
    qualified, work_relation, work_schema,
};
pub use environment::{quoted, trusting_functions};
pub use error::{
    Error, Result, cardinality_violation, check_order, check_range, data_exception, datatype_mismatch,
    error_code, indeterminate_collation, insufficient_privilege, internal, invalid_parameter,
    invalid_table_definition, no_data_found, no_privilege, no_usage, not_in_prerequisite_state,
    not_null_violation, notice, null_argument, read_only_transaction, remark, report_warning, sqlstate,
    undefined_column, undefined_object, undefined_table, warn, warning, wrong_object_type,
};
pub use hold::Relations;
pub use lock::{lock, lock_schema};
pub use pgrx::spi::quote_literal;
pub use progress::Progress;
pub use session::{check_can_commit, check_writable, current_user};
pub use spi::{Days, Db, Micros, Row, RowVersion, Sees, Statement};
pub use subtransaction::{attempt, attempt_unless_cancelled, can_catch};
pub use text::{block, blocks, fill, plural, shortened};
pub use time::{day_shown, midnight, moment, shown, utc};
