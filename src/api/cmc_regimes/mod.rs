//! The SQL functions of the layered regimes of assets.

mod check_inputs;
mod compute;
mod explain;
mod labels;
mod names;
mod nodes;
mod picture;
mod policy;
mod read;
mod refresh;
mod repaint_check;
mod rounds;
mod row;
mod signals;
mod simulate;
mod statistics;
