//! PostgreSQL's own interfaces: statements and rows, locks, memory, settings, errors. Only here is code unsafe.
#![allow(unsafe_code)]

pub mod arg;
pub mod at_commit;
pub mod cache;
pub mod catalog;
pub mod columns;
pub mod error;
pub mod json;
pub mod lock;
pub mod memory;
pub mod receiver;
pub mod result_set;
pub mod row;
pub mod session;
pub mod settings;
pub mod spi;
pub mod subtransaction;
pub mod syscache;
pub mod text;
pub mod time;
