//! Bad clients in crowds: each is refused with its status, nothing of the good ones is lost, and
//! memory stays where it was.

#![allow(
    clippy::disallowed_macros,
    reason = "a test that prints the figure that it measured"
)]

use std::collections::BTreeSet;
use std::io::Write as _;

use super::watch::{Watch, answer, head, send};
use super::{new, object_created};
use crate::support::Home;

/// What a crowd may take of memory beyond what the program has when it listens.
#[cfg(target_os = "linux")]
const MOST_MEMORY: u64 = 48 << 20;

fn crowd() -> usize {
    std::env::var("LAKEHOUND_WEBHOOK_CONNECTIONS").map_or(300, |text| text.parse().unwrap())
}

fn home() -> Home {
    let home = Home::new();
    home.write(
        "config.toml",
        "[feed.webhook]\nhead_seconds = 1\nbody_seconds = 1\nrequests_per_second = 100000\n",
    );
    home
}

#[test]
fn crowds_of_bad_clients_neither_take_memory_nor_the_place_of_good_ones() {
    let home = home();
    let mut watch = Watch::start(&home);
    #[cfg(target_os = "linux")]
    let before = watch.memory("VmHWM");

    // A crowd that is silent, one that never ends its head, one that never ends its body.
    let crowd = crowd();
    let bad = (0..crowd).map(|number| {
        let mut stream = watch.connect();
        let part = match number % 3 {
            0 => String::new(),
            1 => "POST /lakehound HTTP/1.1\r\nx-".to_owned(),
            _ => watch.head(9) + "{",
        };
        stream.write_all(part.as_bytes()).unwrap();
        stream
    });
    let bad: Vec<_> = bad.collect();
    let large = vec![b' '; 10 << 20];
    let good: BTreeSet<String> = (0..20).map(|number| format!("k/{number}")).collect();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let (status, text) = send(watch.connect(), &watch.head(large.len()), &large);
                assert_eq!(status, 413, "{text}");
                let (status, text) = send(watch.connect(), &head(None, large.len()), &large);
                assert_eq!(status, 401, "{text}");
            });
        }
        for (key, body, expected) in [
            (None, "{}", 401),
            (Some("a-key-that-is-wrong"), "{}", 403),
            (Some(watch.key.as_str()), "{\"a\":", 400),
        ] {
            let watch = &watch;
            scope.spawn(move || {
                for _ in 0..5 {
                    let head = head(key, body.len());
                    let (status, text) = send(watch.connect(), &head, body.as_bytes());
                    assert_eq!(status, expected, "{text}");
                }
            });
        }
        for key in &good {
            let watch = &watch;
            scope.spawn(move || {
                let (status, text) = watch.post(&object_created(key));
                assert_eq!((status, new(&text)), (200, 1), "{text}");
            });
        }
    });
    let cut: Vec<u16> = bad.into_iter().map(|stream| answer(stream).0).collect();
    let told_so = cut.iter().filter(|status| **status == 408).count();
    for (number, status) in cut.into_iter().enumerate() {
        // Where places are short one may be cut before its head was read.
        let is_cut = status == 0 || (status == 408 && number % 3 == 2);
        assert!(is_cut, "bad client {number}: {status}");
    }
    assert!(
        told_so > crowd / 6,
        "{told_so} were told that they are slow"
    );
    let told: BTreeSet<String> = (0..good.len())
        .map(|_| {
            watch.next("notification")["key"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(told, good);
    #[cfg(target_os = "linux")]
    {
        let grown = watch.memory("VmHWM").saturating_sub(before);
        assert!(grown <= MOST_MEMORY, "memory grew by {grown} bytes");
        println!("{crowd} connections: memory grew by {} KiB", grown >> 10);
    }
}

#[test]
fn what_was_answered_is_there_after_a_kill() {
    let home = home();
    let body = format!("{}\n{{\"title\":\"a detection\"}}", object_created("k"));
    let watch = Watch::start(&home);
    let (status, text) = watch.post(&body);
    assert_eq!((status, new(&text)), (200, 2));
    let key = watch.key.clone();
    watch.kill();
    let watch = Watch::start(&home);
    assert_eq!(watch.key, key);
    let (status, text) = watch.post(&body);
    assert_eq!((status, new(&text)), (200, 0));
}
