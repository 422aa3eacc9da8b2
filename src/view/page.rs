//! What a look gives: one reading, shown for people or for machines.

use super::fields::Shape;
use super::style::Look;

/// A reading that can be shown as text, as JSON, and by a pattern.
pub trait View {
    /// The fields of its records.
    fn shape() -> &'static Shape;

    /// For people; empty where there is nothing to show.
    fn text(&self, look: &Look) -> String;

    /// For machines: JSON, each record a line, ended.
    fn records(&self) -> Vec<String>;

    /// What a pattern is applied to: JSON of the shape, each a line. The records themselves,
    /// unless one record holds many.
    fn items(&self) -> Vec<String> {
        self.records()
    }

    /// What to say on stderr after it: that there is nothing, or more.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}
