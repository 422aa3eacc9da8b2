//! Metrics for programs: OpenMetrics text, the catalogue of all that is measured, and a small
//! HTTP responder for whoever stays and has something to show.

pub mod address;
pub mod catalog;
pub mod http;
pub mod text;

pub use address::Address;
