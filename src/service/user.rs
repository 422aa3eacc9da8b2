//! Who a process runs as, by the machine's own list of users.

use std::path::PathBuf;

/// The name of the user with this number; `None` where the list does not have it.
pub fn own(uid: u32) -> Option<String> {
    find(&passwd(), |fields| fields[2].parse() == Ok(uid)).map(|fields| fields[0].clone())
}

/// The home folder of a user of this machine.
pub fn home(name: &str) -> Option<PathBuf> {
    find(&passwd(), |fields| fields[0] == name).map(|fields| PathBuf::from(&fields[5]))
}

fn passwd() -> String {
    std::fs::read("/etc/passwd").map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

fn find(list: &str, wanted: impl Fn(&[String]) -> bool) -> Option<Vec<String>> {
    let lines = list.lines().map(|line| line.split(':').map(str::to_owned).collect::<Vec<_>>());
    lines.into_iter().find(|fields| fields.len() == 7 && wanted(fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_known_and_lines_that_are_none_are_not() {
        assert_eq!((own(0).as_deref(), home("root")), (Some("root"), Some(PathBuf::from("/root"))));
        let list = "# text\nann:x:1000\nann:x:1000:1000:Ann:/home/ann:/bin/sh\n";
        assert_eq!(find(list, |fields| fields[2] == "1000").unwrap()[5], "/home/ann");
    }
}
