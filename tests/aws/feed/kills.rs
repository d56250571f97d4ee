//! `watch` is killed again and again while objects are put, by all five ways: at the end each is in
//! the inbox once and was told, the queues are empty, and the webhook is asked for nothing more.
//!
//! `LAKEHOUND_FEED_OBJECTS` and `LAKEHOUND_FEED_KILLS` say how many.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use lakehound::adapters::inbox::DiskInbox;
use serde_json::Value;

use super::faults::Faults;
use super::ways::{Ways, all_named};
use super::{any_below, any_moment, home, notified, setting, watch_once};
use crate::home::Home;
use crate::peer::Peer;

#[test]
fn every_object_is_there_once_though_the_console_is_killed() {
    let peer = Peer::start();
    let objects = setting("LAKEHOUND_FEED_OBJECTS", 100);
    let kills = setting("LAKEHOUND_FEED_KILLS", 3);
    survive(&peer, objects, kills, None);
}

#[test]
fn every_object_is_there_once_whatever_goes_wrong_on_the_way() {
    let peer = Peer::start();
    let objects = setting("LAKEHOUND_FEED_OBJECTS", 75);
    let kills = setting("LAKEHOUND_FEED_KILLS", 1);
    let faults = Faults::before(&peer, objects);
    survive(&peer, objects, kills, Some(&faults));
}

/// Puts objects into the buckets of all ways while `watch` is killed, then lets it end.
fn survive(peer: &Peer, objects: usize, kills: usize, faults: Option<&Faults>) {
    let ways = Ways::make(peer, faults.is_some());
    let home = home(&faults.map_or(peer.endpoint(), Faults::endpoint));
    // So few that some are asked to come again.
    let per_second = if faults.is_some() { 40 } else { 300 };
    ways.configure(&home.path("config.toml"), per_second);
    let began = Instant::now();
    let mut told = Vec::new();
    let portion = objects.div_ceil(kills + 1);
    for kill in 0..kills {
        let numbers = (kill * portion).min(objects)..((kill + 1) * portion).min(objects);
        let mut watch = Watch::start(&home, &ways.sources);
        std::thread::scope(|scope| {
            let most = numbers.len() as u64;
            scope.spawn(|| Ways::put(peer, numbers));
            watch.read(any_below(most));
            watch.child.kill().unwrap();
        });
        told.extend(notified(&watch.rest()));
    }
    // The last one lives until the webhook was told of everything.
    let mut watch = Watch::start(&home, &ways.sources);
    watch.until_it_watches();
    let inbox = home.path("data").join("inbox.sqlite");
    let rest = || Ways::put(peer, (kills * portion).min(objects)..objects);
    match faults {
        Some(faults) => faults.while_the_inbox_is_held(&inbox, rest),
        None => rest(),
    }
    ways.wait_for_the_webhook(objects);
    watch.interrupt();
    told.extend(notified(&watch.rest()));
    let mut ends = 0;
    loop {
        ends += 1;
        told.extend(notified(&watch_once(&home, &ways.sources)));
        if ways.depth(peer) == 0 {
            break;
        }
        assert!(ends < 200, "the queues are not empty after {ends} runs");
    }

    let put = all_named(objects);
    let unique: BTreeSet<_> = told.iter().cloned().collect();
    assert_eq!(unique, put, "every object was told");
    // Only what one message batch brought is told again, where the end came right after its lines.
    let again = told.len() - unique.len();
    assert!(again <= 10 * (kills + 1), "{again} told twice");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let kept = runtime.block_on(async { ways.kept(&DiskInbox::open(&inbox).unwrap()).await });
    assert_eq!(kept, put.into_iter().collect::<Vec<_>>());
    println!(
        "{objects} objects by {} ways, {kills} kills: each once in the inbox, all told, {again} of \
         them twice, queues empty, nothing left for the webhook ({}), {:.1} s",
        ways.sources.len(),
        ways.repeater,
        began.elapsed().as_secs_f64()
    );
    if let Some(faults) = faults {
        println!("{}", faults.assert_met());
        ways.repeater.assert_every_mishap_was_met();
    }
}

/// A `watch` that does not end by itself.
struct Watch {
    child: Child,
    lines: Receiver<String>,
    read: Vec<Value>,
}

impl Watch {
    fn start(home: &Home, sources: &[String]) -> Self {
        let mut arguments = vec!["watch", "--unread"];
        for source in sources {
            arguments.extend(["--from", source]);
        }
        let mut child = home
            .command(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (sender, lines) = sync_channel(100_000);
        let stdout = child.stdout.take().unwrap();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let _ = sender.send(line.unwrap());
            }
        });
        Self {
            child,
            lines,
            read: Vec::new(),
        }
    }

    /// Reads until so many notifications were told or nothing comes for a while, and on to a moment
    /// that nobody foresees.
    fn read(&mut self, notifications: u64) {
        while (notified(&self.read).len() as u64) < notifications {
            match self.lines.recv_timeout(Duration::from_secs(3)) {
                Ok(line) => self.take(&line),
                Err(_) => break,
            }
        }
        let until = Instant::now() + any_moment();
        let left = || until.saturating_duration_since(Instant::now());
        while let Ok(line) = self.lines.recv_timeout(left()) {
            self.take(&line);
        }
    }

    /// Reads until it says how a source is: by then what earlier ones did not tell is told.
    fn until_it_watches(&mut self) {
        while !self.read.iter().any(|line| line["kind"] == "source") {
            let line = self.lines.recv().unwrap();
            self.take(&line);
        }
    }

    /// Asks it to end, as Ctrl-C does.
    fn interrupt(&self) {
        let pid = self.child.id().to_string();
        let kill = Command::new("kill").args(["-s", "INT", &pid]).status();
        assert!(kill.unwrap().success());
    }

    /// Everything that it told until it ended.
    fn rest(mut self) -> Vec<Value> {
        while let Ok(line) = self.lines.recv() {
            self.take(&line);
        }
        std::mem::take(&mut self.read)
    }

    fn take(&mut self, line: &str) {
        // The last one may have been cut off by the kill.
        self.read.extend(serde_json::from_str::<Value>(line).ok());
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
