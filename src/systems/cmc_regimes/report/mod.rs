//! `regime_report_html`: a page about an asset, self-contained.

mod facts;
mod html;
mod page;
mod regimes;

pub use page::report;
