use super::*;

fn reading(system: bool) -> Reading<'static> {
    let host = Name::new("web1").unwrap();
    Reading {
        place: "/etc/crontab",
        source: source(&host, &label("/etc/crontab")).unwrap(),
        label: label("/etc/crontab"),
        queue: queue(&host).unwrap(),
        host,
        user_field: system,
        user: "ann",
        zone: "Europe/Paris",
        origin: Origin::default(),
        created_at: String::new(),
    }
}

fn of_user(text: &str) -> Crontab {
    read(text.as_bytes(), &reading(false))
}

fn one(text: &str) -> Definition {
    let found = of_user(text);
    assert_eq!(found.refused, []);
    assert_eq!(found.entries.len(), 1, "{text}");
    found.entries.into_iter().next().unwrap().1
}

fn script(definition: &Definition) -> String {
    let argv = &definition.job.argv;
    assert_eq!((argv.len(), argv[1].as_str()), (3, Some("-c")));
    argv[2].lossy().into_owned()
}

fn refusals(found: &Crontab) -> Vec<String> {
    found.refused.iter().map(|one| format!("{}:{}: {}", one.line, one.column, one.message)).collect()
}

fn warnings(text: &str) -> Vec<String> {
    of_user(text).warnings.iter().map(|one| format!("{}: {}", one.line, one.message)).collect()
}

#[test]
fn an_entry_is_its_times_and_a_command_for_the_shell() {
    let found = one("17 *\t* * *   cd / && run-parts --report /etc/cron.hourly\n");
    assert_eq!(found.rule, Rule::Cron { text: "17 * * * *".into(), crontab: true });
    assert_eq!(found.job.argv[0].as_str(), Some("/bin/sh"));
    assert_eq!(script(&found), "cd / && run-parts --report /etc/cron.hourly");
    assert_eq!((found.job.queue.as_str(), found.timezone.as_str()), ("cron-web1", "Europe/Paris"));
    assert_eq!(found.job.env["PATH"].as_str(), Some("/usr/bin:/bin"));
    assert_eq!((found.job.cwd, found.stdin, found.job.user), (None, None, Some("ann".into())));
    assert_eq!((found.overlap, found.missed), (Overlap::Allow, Missed::Skip));
    assert_eq!(found.source.kind.as_str(), "crontab.web1.etc.crontab");
    assert_eq!(found.source.place, "/etc/crontab:1");
}

#[test]
fn comments_blanks_and_nicknames() {
    let found = of_user("# text\n\n   \t\n \t# a = b\n@DAILY true\n@reboot  echo up # not a comment\n");
    assert_eq!(refusals(&found), [""; 0]);
    let rules: Vec<&Rule> = found.entries.iter().map(|(_, one)| &one.rule).collect();
    assert_eq!(rules[0], &Rule::Cron { text: "@DAILY".into(), crontab: true });
    assert_eq!(rules[1], &Rule::Reboot { host: Name::new("web1").unwrap() });
    assert_eq!(script(&found.entries[1].1), "echo up # not a comment");
}

#[test]
fn variables_hold_for_the_lines_below_them() {
    let found = of_user(
        "* * * * * one\nSHELL=/bin/bash\nHOME = /srv/app\nA= \" b c \" \n'D E' = 'f\"g'\nX=a b  \nY=$X\nEMPTY=\n\
         \"Q\"=it's\n* * * * * two\nCRON_TZ=Asia/Tokyo\n0 9 * * * three\nCRON_TZ=\n0 9 * * * four\n",
    );
    assert_eq!(refusals(&found), [""; 0]);
    let env =
        |at: usize, name: &str| found.entries[at].1.job.env.get(name).map(|value| value.lossy().into_owned());
    assert_eq!((env(0, "SHELL"), env(0, "A")), (Some("/bin/sh".into()), None));
    let two = &found.entries[1].1;
    assert_eq!(
        (two.job.argv[0].as_str(), two.job.cwd.as_ref().and_then(Bytes::as_str)),
        (Some("/bin/bash"), Some("/srv/app"))
    );
    for (name, value) in [
        ("A", " b c "),
        ("D E", "f\"g"),
        ("X", "a b"),
        ("Y", "$X"),
        ("EMPTY", ""),
        ("Q", "it's"),
        ("HOME", "/srv/app"),
    ] {
        assert_eq!(env(1, name).as_deref(), Some(value), "{name}");
    }
    let zones: Vec<&str> = found.entries.iter().map(|(_, one)| one.timezone.as_str()).collect();
    assert_eq!(zones, ["Europe/Paris", "Europe/Paris", "Asia/Tokyo", "Europe/Paris"]);
}

#[test]
fn what_looks_like_a_variable_and_is_none_is_an_entry() {
    assert_eq!(script(&one("0 0 * * * A=b make\n")), "A=b make");
    assert_eq!(script(&one("@daily X=1 make\n")), "X=1 make");
    for text in ["A = \"b\" c\n", "'A=b\n", "A B=c\n", "A=\"b\n"] {
        assert_eq!(of_user(text).entries.len(), 0, "{text}");
        assert_eq!(of_user(text).refused.len(), 1, "{text}");
    }
}

#[test]
fn a_percent_begins_the_input_and_a_backslash_keeps_it() {
    for (command, script_is, stdin) in [
        ("date +\\%d", "date +%d", None),
        ("mail -s hi%Dear Ann,%%bye", "mail -s hi", Some("Dear Ann,\n\nbye\n")),
        ("cat %one\\%two%", "cat ", Some("one%two\n")),
        ("echo \\\\%in", "echo \\\\", Some("in\n")),
        ("echo \\a \\! \\\\b", "echo \\a \\! \\\\b", None),
        ("cat %\\x\\\\%", "cat ", Some("\\x\\%\n")),
        ("true %", "true ", None),
        ("cat %%", "cat ", Some("\n")),
    ] {
        let found = one(&format!("0 0 * * * {command}\n"));
        assert_eq!(script(&found), script_is, "{command}");
        assert_eq!(found.stdin.as_ref().and_then(Bytes::as_str), stdin, "{command}");
    }
}

#[test]
fn a_system_crontab_names_a_user_that_the_workers_must_be() {
    let found = read(
        b"09,39 *     * * *     ann   [ -x /usr/lib/clean ] && /usr/lib/clean\n\
          5 0 * * *\tmunin\t/usr/bin/munin-update\n@reboot logcheck\n0 0 * * * ann\n0 0 * * *\n",
        &reading(true),
    );
    assert_eq!(script(&found.entries[0].1), "[ -x /usr/lib/clean ] && /usr/lib/clean");
    assert_eq!(
        refusals(&found),
        [
            "2:1: its user is \"munin\", and its jobs would run as ann",
            "3:1: there is no command",
            "4:1: there is no command",
            "5:1: the user and the command are missing",
        ]
    );
}

#[test]
fn a_wrong_line_is_refused_with_a_caret_under_the_fault() {
    let found =
        of_user("0 25 * * * true\n  0 0 30 2 * true\n0 22-2 * * * true\n0 0 * *\nhello\n* * * * * \n");
    assert!(found.entries.is_empty());
    let told = refusals(&found);
    assert_eq!(told.len(), 6, "{told:#?}");
    assert!(told[0].starts_with("1:3: "), "{told:?}");
    assert_eq!(found.refused[0].shown, ["0 25 * * *", "  ^^"]);
    assert!(told[1].starts_with("2:7: "), "{told:?}");
    assert_eq!(told[3], "4:1: an entry has five times and a command");
    assert_eq!(told[5], "6:1: there is no command");
}

#[test]
fn what_cron_does_otherwise_is_said() {
    let told = warnings("0 0 */2 * 1 true");
    assert!(told.iter().any(|one| one.contains("both day of month and day of week must match")), "{told:?}");
    assert_eq!(
        warnings("TZ=Asia/Tokyo\nLOGNAME=root\nMAILTO=\"a b; rm\"\n0 0 * * * true\r\n0 0 * * * true"),
        [
            "1: as with cron, TZ is a variable of the commands only; their times are read in Europe/Paris",
            "2: LOGNAME cannot be set; it is the worker's user",
            "3: cron takes this for no address: nothing is mailed",
            "4: the line ends with a carriage return, which cron hands on to the command",
            "5: no newline ends the last line; Debian's cron ignores such a file, jobq does not",
        ][..]
            .to_vec()
    );
    assert_eq!(
        refusals(&of_user("CRON_TZ=Mars/Olympus\nJOBQ_URL=x\n")),
        [
            "1:1: \"Mars/Olympus\" is not a time zone",
            "2:1: JOBQ_URL is reserved: names that begin with JOBQ_ are set by the worker"
        ]
    );
}

#[test]
fn output_is_mailed_where_mailto_says_so() {
    let found =
        of_user("0 0 * * * one\nMAILTO=ops@example.org\n0 0 * * * two\nMAILTO=\"\"\n0 0 * * * three\n");
    let to: Vec<Option<&str>> = found.entries.iter().map(|(_, one)| one.job.mailto.as_deref()).collect();
    assert_eq!(to, [None, Some("ops@example.org"), None]);
    assert!(found.mails);
}

#[test]
fn a_line_keeps_its_name_wherever_it_stands() {
    let names = |text: &str| -> Vec<String> {
        of_user(text).entries.iter().map(|(_, one)| one.name.to_string()).collect()
    };
    let before = names("0 0 * * * one\n0 0 * * * two\n0 0 * * * one\n");
    assert!(before[0].starts_with("cron-web1.etc.crontab."), "{before:?}");
    assert_eq!(before[2], format!("{}.2", before[0]));
    let after = names("# new\nA=b\n0  0\t* * * two\n5 5 * * * five\n0 0 * * *\tone\n");
    assert_eq!((&after[0], &after[2]), (&before[1], &before[0]));
    let long = label(&format!("/srv/{}/crontab", "a".repeat(100)));
    assert!(long.as_str().len() <= 48 && long.as_str().contains("crontab."), "{long}");
    assert_eq!(label("/etc/cron.d/php").as_str(), "etc.cron.d.php");
    assert_ne!(label("/a/b"), label("/a/c"));
}

#[test]
fn names_are_names_however_long_the_host_is() {
    let host = Name::new("h".repeat(128)).unwrap();
    let label = label(&format!("/{}", "x/".repeat(100)));
    assert!(source(&host, &label).is_some() && queue(&host).is_some());
    let long = Reading { host, label, ..reading(false) };
    let found = read(&b"* * * * * true\n".repeat(3), &long);
    assert!(found.entries.iter().all(|(_, one)| one.name.as_str().starts_with("cron-hhh")));
}

proptest::proptest! {
    #[test]
    fn no_text_panics_and_every_entry_counts_once(
        lines in proptest::collection::vec("[-*/0-9, @a-z%\\\\'\"=~#\t]{0,30}|@[a-z]{0,8} x|\\PC{0,20}", 0..12),
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
    ) {
        for text in [lines.join("\n").into_bytes(), bytes] {
            let found = read(&text, &reading(text.len() % 2 == 0));
            let names: BTreeSet<&Name> = found.entries.iter().map(|(_, one)| &one.name).collect();
            proptest::prop_assert_eq!(names.len(), found.entries.len());
        }
    }
}
