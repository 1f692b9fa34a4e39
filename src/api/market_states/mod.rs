//! Market states: refreshing, computing and reading them. The functions that take a [`Caller`](crate::pg::result_set::Caller)
//! are declared in `sql/install/market_states.sql`.

mod after;
mod explain;
mod labels;
mod read;
mod refresh;
