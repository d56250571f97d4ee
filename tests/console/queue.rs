//! The queue in the console: items appear, are grouped, muted with a preview, worked on, taken back,
//! and are there after a kill and a new start.

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use lakehound::adapters::queue::QueueJournal;
use lakehound::domain::detection::{Cause, Detection, ObjectName};
use lakehound::domain::entity::{Entity, EntityType};
use sha2::{Digest, Sha256};

use super::LAKE;
use super::terminal::{Home, Terminal, contains};

fn detection(rule: &str, title: &str, entity: &str, seen: DateTime<Utc>) -> Detection {
    Detection {
        cause: Cause::Rule(rule.to_owned()),
        title: title.to_owned(),
        severity: "Fatal".to_owned(),
        reason: "the rule's level".to_owned(),
        entity: Entity::parse(EntityType::Principal, entity).ok(),
        others: Vec::new(),
        time: Some(seen),
        seen,
        account: Some("000011112222".to_owned()),
        region: Some("us-east-1".to_owned()),
        operation: Some("GetObject".to_owned()),
        class: Some(6003),
        object: ObjectName {
            bucket: "local".to_owned(),
            key: format!("{rule}/{entity}"),
        },
        row: 0,
        event: format!("{{\"api\": {{\"operation\": \"{rule}-event\"}}, \"time\": 1}}"),
    }
}

/// The journal of the queue of the tests' lake: its name holds a mark of the lake's folder.
fn journal(home: &Home) -> PathBuf {
    let folder = LAKE.path().canonicalize().unwrap();
    let digest = Sha256::digest(folder.display().to_string().as_bytes());
    let mark: String = digest.iter().take(6).map(|b| format!("{b:02x}")).collect();
    home.data().join(format!("queue-{mark}.sqlite"))
}

/// Starts the console and waits until it has found out what it shows first.
fn start(home: &Home) -> Terminal {
    let mut console = Terminal::start(home, &LAKE.path(), (140, 40));
    console.wait_for("✓ new-findings");
    console
}

#[test]
fn items_are_worked_on_and_are_there_after_a_kill() {
    let home = Home::new();
    std::fs::write(home.config(), "[feed]\ntitle = \"fatal\"\n").unwrap();
    // What a rule said in an earlier start.
    let now = Utc::now() - TimeDelta::minutes(1);
    let (mut journal, queue) = QueueJournal::open(&journal(&home)).unwrap();
    let found = [
        detection("aaa", "Zebra striped", "zoe", now),
        detection("bbb", "Yak shaved", "zoe", now),
        detection("bbb", "Yak shaved", "yan", now),
    ];
    journal.append(&queue.take_in(&found, now)).unwrap();
    drop(journal);

    let mut console = start(&home);
    console.press(&["alt-q"]);
    console.wait_for("Zebra striped");
    console.wait_for_bytes(b"\x1b]2;lakehound: 3 open, Fatal\x07");
    console.press(&["z", "g", "g"]);
    console.wait_for("▾ principal zoe · 2 items");
    console.press(&["g", "g"]);
    console.wait_until("no groups", |screen| !screen.contains("▾ principal zoe"));
    console.press(&["home", "m"]);
    console.wait_for("it would have hidden 1 item with 1 detection");
    console.press(&["enter"]);
    console.wait_for("1 item out of sight");
    console.wait_until("one is gone", |screen| {
        screen.contains("1 muted") && screen.matches("● Fatal").count() == 2
    });
    console.press(&["u"]);
    console.wait_until("it is back", |screen| {
        screen.contains("is taken back") && screen.matches("● Fatal").count() == 3
    });
    console.press(&["space", "space", "a"]);
    console.wait_until("two are known of", |screen| {
        screen.matches("○ Fatal").count() == 2 && screen.contains("2 items")
    });
    // The next thing that is on the disk tells that this is too: the events, asked as a table.
    console.press(&["enter"]);
    console.wait_for("✓ item #");
    console.signal("KILL");
    console.wait_for_end();

    // The kill may have come before or after the session was written that says that the queue is
    // shown, and that it has the whole screen.
    let mut console = Terminal::start(&home, &LAKE.path(), (140, 40));
    console.wait_until("its panes", |screen| {
        screen.contains("new-findings") || screen.contains("─Queue")
    });
    if !console.text().contains("─Queue") {
        console.press(&["alt-q"]);
    }
    console.wait_until("as it was", |screen| {
        let known = screen.matches("○fatl").count() + screen.matches("○ Fatal").count();
        known == 2
    });
    console.press(&["ctrl-q"]);
    assert_eq!(console.wait_for_end(), 0);
    let own_title = b"\x1b[23;2t";
    assert!(
        contains(&console.bytes, own_title),
        "its own title comes back"
    );
}
