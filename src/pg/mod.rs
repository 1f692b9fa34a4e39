//! PostgreSQL's own interfaces: statements and rows, locks, memory, settings, errors. Only here is code unsafe.

pub mod cache;
pub mod columns;
pub mod error;
pub mod json;
pub mod lock;
pub mod result_set;
pub mod row;
pub mod settings;
pub mod spi;
pub mod subtransaction;
pub mod time;
