//! The console itself is killed while objects are put, by all five ways: at the end each is in the
//! inbox once, the queues are empty, and the webhook is asked for nothing more.
//!
//! `LAKEHOUND_FEED_CONSOLE_OBJECTS` and `LAKEHOUND_FEED_CONSOLE_KILLS` say how many.

use std::time::Instant;

use lakehound::adapters::inbox::DiskInbox;
use lakehound::ports::Inbox as _;

use super::ways::{Ways, all_named};
use super::{any_below, any_moment, setting};
use crate::consoles::{configure, console};
use crate::peer::{Peer, wait_until};
use crate::terminal::Home;

/// Of the terminal.
const SIZE: (u16, u16) = (160, 44);

#[test]
fn every_object_is_there_once_though_the_console_itself_is_killed() {
    let peer = Peer::start();
    let objects = setting("LAKEHOUND_FEED_CONSOLE_OBJECTS", 40);
    let kills = setting("LAKEHOUND_FEED_CONSOLE_KILLS", 1);
    let ways = Ways::make(&peer, false);
    let home = Home::new();
    let feed = format!(
        "[feed]\nvisibility_seconds = 1\nsources = {:?}",
        ways.sources
    );
    configure(&home, &peer.endpoint(), &feed);
    ways.configure(&home.config(), 300);
    let inbox = DiskInbox::open(&home.data().join("inbox.sqlite")).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let there = || {
        let counts = runtime.block_on(inbox.counts()).unwrap();
        counts.iter().map(|count| count.total()).sum::<u64>()
    };
    let began = Instant::now();
    let portion = objects.div_ceil(kills + 1);
    for kill in 0..kills {
        let numbers = (kill * portion).min(objects)..((kill + 1) * portion).min(objects);
        let enough = numbers.start as u64 + any_below(numbers.len() as u64);
        let mut console = console(&home, SIZE);
        std::thread::scope(|scope| {
            scope.spawn(|| Ways::put(&peer, numbers));
            wait_until("so many are in the inbox", || there() >= enough);
            std::thread::sleep(any_moment());
            console.signal("KILL");
            console.wait_for_end();
        });
    }
    let mut console = console(&home, SIZE);
    Ways::put(&peer, (kills * portion).min(objects)..objects);
    ways.wait_for_the_webhook(objects);
    wait_until("the queues are empty", || ways.depth(&peer) == 0);
    console.press_until(&["alt-s"], "off/on");
    console.wait_until("all sources watch", |screen| {
        screen.matches("watching ").count() == ways.sources.len()
    });
    console.press(&["q"]);
    console.press(&["ctrl-q"]);
    assert_eq!(console.wait_for_end(), 0);
    let kept = runtime.block_on(ways.kept(&inbox));
    assert_eq!(kept, all_named(objects).into_iter().collect::<Vec<_>>());
    println!(
        "{objects} objects by {} ways, {kills} kills of the console: each once in the inbox, queues \
         empty, nothing left for the webhook ({}), {:.1} s",
        ways.sources.len(),
        ways.repeater,
        began.elapsed().as_secs_f64()
    );
}
