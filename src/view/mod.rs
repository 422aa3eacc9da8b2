//! The only part that prints. Rendering is pure: reports in, text out; `out` alone writes.
//!
//! One report has two renderings: for people (a [`Look`] says how wide, which colours and
//! which time zone) and for machines ([`json`]). Whatever came from a job or a user passes
//! through [`escape`] before it becomes part of a text for people.

pub mod bar;
pub mod checked;
pub mod checks;
pub mod config;
pub mod doctor;
pub mod escape;
pub mod events;
pub mod fields;
pub mod job;
pub mod json;
pub mod log;
pub mod lists;
pub mod openmetrics;
pub mod out;
pub mod overview;
mod page;
pub mod problem;
#[cfg(test)]
mod samples;
pub mod schedule;
pub mod server;
pub mod shell;
pub mod stats;
pub mod style;
mod table;
pub mod template;
pub mod ticks;
pub mod toml;
#[cfg(test)]
mod tests;
pub mod verify;
pub mod why;
pub mod words;

pub use page::View;
pub use problem::Problem;
pub use style::Look;
