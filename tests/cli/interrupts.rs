//! Ctrl-C: the query is cancelled, nothing half-written stays, the exit code is 130.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use crate::support::{Home, demo_lake, interrupt, names_in};

/// More rows than anybody waits for.
const ENDLESS: &str = "SELECT a.time_dt, b.time_dt, c.time_dt \
    FROM vpc_flow a CROSS JOIN vpc_flow b CROSS JOIN vpc_flow c CROSS JOIN vpc_flow d";

fn start(home: &Home, more: &[&str]) -> Child {
    let lake = demo_lake().display().to_string();
    let mut arguments = vec!["query", ENDLESS, "--lake", &lake, "--format", "ndjson"];
    arguments.extend(more);
    home.command(&arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_query_that_is_being_read_ends() {
    let mut child = start(&Home::new(), &[]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with('{'));
    interrupt(&child);
    let rest = lines.count();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest} more rows");
}

#[test]
fn a_query_whose_pipe_nobody_reads_ends_all_the_same() {
    let mut child = start(&Home::new(), &[]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with('{'));
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn a_half_written_file_goes_away() {
    let home = Home::new();
    std::fs::create_dir(home.path("out")).unwrap();
    let mut child = start(&home, &["-o", "out/rows.ndjson"]);
    while names_in(&home.path("out")).is_empty() {
        assert_eq!(child.try_wait().unwrap(), None, "it ended by itself");
        std::thread::yield_now();
    }
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(names_in(&home.path("out")), Vec::<String>::new());
}
