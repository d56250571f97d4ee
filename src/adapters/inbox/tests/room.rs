//! What notifications take of the disk and of memory.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "it reads the system's figures and the clock, and prints what it measured"
)]

use super::*;

/// What the operating system says of this process's memory, in bytes.
#[cfg(target_os = "linux")]
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * 1024
}

/// In full by `LAKEHOUND_INBOX_NOTIFICATIONS=1000000`, which tells what they take.
#[tokio::test]
async fn a_notification_takes_little_room_and_less_when_it_is_done_with() {
    let asked = std::env::var("LAKEHOUND_INBOX_NOTIFICATIONS").ok();
    let count: u32 = asked.as_ref().map_or(1_000, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inbox.sqlite");
    let inbox = DiskInbox::open(&path).unwrap();
    claim(&inbox, &["s"]).await;
    #[cfg(target_os = "linux")]
    let before = memory("VmRSS");
    let began = std::time::Instant::now();
    let mut read = 0;
    while read < count {
        let next = (read..count).take(10_000);
        let burst = next.map(|n| notification(n, Some(&format!("{n:032x}"))));
        inbox.receive("s", burst.collect()).await.unwrap();
        loop {
            let taken = inbox.take(64, at(0)).await.unwrap();
            if taken.is_empty() {
                break;
            }
            read += u32::try_from(taken.len()).unwrap();
            let settled = taken.iter().map(|waiting| inbox.settle(waiting.id, Ok(1)));
            futures::future::try_join_all(settled).await.unwrap();
        }
    }
    let took = began.elapsed();
    let mut file = InboxFile::open(&path).unwrap();
    let full = file.bytes().unwrap();
    file.forget(Utc::now() + TimeDelta::days(1), usize::MAX);
    let known = file.bytes().unwrap();
    let each = |bytes: u64| bytes / u64::from(count);
    assert!(each(full) < 600, "{} bytes each", each(full));
    assert!(each(known) < 100, "{} bytes each", each(known));
    if asked.is_some() {
        println!(
            "{count} notifications received and read in {:.0} s: {:.0} MB on disk, {:.0} MB of them \
             when all but the identities is gone",
            took.as_secs_f64(),
            full as f64 / 1e6,
            known as f64 / 1e6
        );
        #[cfg(target_os = "linux")]
        println!(
            "resident: {:.0} MB before, {:.0} MB at its peak, {:.0} MB after",
            before as f64 / 1e6,
            memory("VmHWM") as f64 / 1e6,
            memory("VmRSS") as f64 / 1e6
        );
    }
}
