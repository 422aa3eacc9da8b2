//! What must hold of a schedule.

use std::collections::BTreeMap;

use super::Violation;

/// A schedule and all that stands about it elsewhere, read at one instant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScheduleFacts {
    /// Its name.
    pub name: String,
    /// Its state; none where there is no such schedule.
    pub fields: BTreeMap<String, String>,
    /// Whether it has a definition.
    pub has_plan: bool,
    /// Whether it is among the schedules.
    pub is_listed: bool,
    /// When beats look at it next.
    pub due: Option<String>,
    /// When something is told about its successes.
    pub alarm: Option<String>,
    /// Its place among the schedules of its source.
    pub source: Option<String>,
    /// Its place among those that tick at the boots of its host.
    pub boots: Option<String>,
}

impl ScheduleFacts {
    fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    fn text(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// Everything about this schedule that does not hold. `seen_in` is the set that named it,
    /// family and last part.
    pub fn violations(&self, seen_in: (&str, &str)) -> Vec<Violation> {
        let mut all = Vec::new();
        let mut unless = |holds: bool, code: &'static str, says: String| {
            if !holds {
                all.push(Violation { code, subject: self.name.clone(), says });
            }
        };
        if self.fields.is_empty() {
            let is_named_by_all = matches!(seen_in.0, "schedule:" | "plan:" | "schedules" | "due" | "alarms");
            let left = [
                ("a definition".to_owned(), self.has_plan),
                ("a place among the schedules".to_owned(), self.is_listed),
                ("a due time".to_owned(), self.due.is_some()),
                ("an alarm".to_owned(), self.alarm.is_some()),
                (format!("a place in {}{}", seen_in.0, seen_in.1), !is_named_by_all),
            ];
            for (what, _) in left.into_iter().filter(|(_, is_left)| *is_left) {
                unless(false, "schedule_ghost", format!("it has {what}, and no state"));
            }
            return all;
        }
        unless(self.has_plan, "schedule_plan", "it has no definition".to_owned());
        unless(self.is_listed, "schedule_listed", "it is not among the schedules".to_owned());
        // One that is done for ever is kept for a while, where nobody's file mentions it.
        let kept = self.has("done") && self.text("source") == "added";
        let due = self.due.as_deref();
        let fits = match self.fields.get("due") {
            // A beat that could not act on it looks again later.
            Some(own) => due == Some(own) || due.is_some() && self.has("stuck_at"),
            None => due.is_some() == kept,
        };
        unless(
            fits,
            "schedule_due",
            format!("it is due at {:?}, beats look at it at {due:?}", self.text("due")),
        );
        unless(!(self.has("done") && self.has("due")), "schedule_due", "it is done, and due".to_owned());
        let tells = self.has("alarm") || self.has("incident");
        unless(self.alarm.is_some() == tells, "schedule_alarm", {
            format!("its alarm is {:?}, by the set {:?}", self.text("alarm"), self.alarm)
        });
        let homes = [("source:", "source", &self.source), ("boots:", "boot_host", &self.boots)];
        for (set, field, place) in homes {
            let home = self.text(field);
            unless(
                place.is_some() || !self.has(field),
                "schedule_home",
                format!("it does not stand in {set}{home}"),
            );
            unless(seen_in.0 != set || seen_in.1 == home, "schedule_home", {
                format!("it stands in {set}{} and belongs to {set}{home}", seen_in.1)
            });
        }
        all
    }
}
