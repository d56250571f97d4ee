//! The console as a person meets it: start to first frame, key to frame on a million rows and while
//! a burst of objects arrives and is judged, and what it costs when nothing happens. The real binary in a pseudo-terminal.
//!
//! `cargo bench --bench console`

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a bench measures the clock, prints, and stops where it cannot measure"
)]

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use lakehound::adapters::inbox::DiskInbox;
use lakehound::demo::{DemoOptions, write_lake};
use lakehound::ports::{Inbox as _, InboxCount};
use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};

/// What ends a frame.
const FRAME_END: &[u8] = b"\x1b[?2026l";
const STARTS: usize = 31;
const KEYS: usize = 1_000;
/// The longest that a burst is waited for.
const ALL_ARE_IN: Duration = Duration::from_secs(300);

fn main() {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let lake = target.join("console-lake");
    let until = "2026-03-04T00:00:00Z".parse().expect("a time");
    if lakehound::demo::read_scenario(&lake).is_err() {
        write_lake(&lake, &DemoOptions::new(until), &mut |_| {}).expect("the lake");
    }
    let home = tempfile::tempdir().expect("a home");

    let mut starts: Vec<Duration> = (0..STARTS)
        .map(|_| {
            let begun = Instant::now();
            let mut console = Console::start(home.path(), &lake);
            console.frame();
            begun.elapsed()
        })
        .collect();
    starts.sort_unstable();
    println!(
        "start to first frame       median {:>7.1} ms of {STARTS}",
        ms(starts[STARTS / 2])
    );

    let mut console = Console::start(home.path(), &lake);
    console.quiet(Duration::from_secs(2));
    let (switches, rss) = (console.switches(), console.rss());
    console.quiet(Duration::from_secs(5));
    println!(
        "idle for 5 s               {} wake-ups, {} MB",
        console.switches() - switches,
        rss / 1024
    );

    console.type_text("\x1b2\x0e");
    console.quiet(Duration::from_millis(500));
    console.type_text(
        "\x1b[200~SELECT a.n * 1000 + b.n AS n, cast(a.n AS varchar) AS text, a.n * 2 AS twice, b.n % 7 AS seven FROM UNNEST(sequence(1, 1000)) AS a(n) CROSS JOIN UNNEST(sequence(1, 1000)) AS b(n)\x1b[201~",
    );
    console.type_text("\x1b[15~\x1b3");
    console.quiet(Duration::from_secs(4));
    let mut frames: Vec<Duration> = (0..KEYS)
        .map(|at| {
            let key = ["j", "\x1b[6~", "k", "l"][at % 4];
            let begun = Instant::now();
            console.type_text(key);
            console.frame();
            let took = begun.elapsed();
            // The next key comes after the pacer's distance, as a person's does.
            console.quiet(Duration::from_millis(20));
            took
        })
        .collect();
    frames.sort_unstable();
    println!(
        "key to frame, 1,000,000 rows  median {:.2} ms, p99 {:.2} ms of {KEYS}",
        ms(frames[KEYS / 2]),
        ms(frames[KEYS * 99 / 100])
    );
    drop(console);
    burst(&lake, home.path());
}

/// Letters typed into the editor while objects appear in a watched folder as fast as they can be
/// put there: each is read and judged, and the feed and the queue show what comes of it.
fn burst(lake: &Path, home: &Path) {
    let arriving = home.join("arriving");
    let object = largest(&lake.join("aws/CLOUD_TRAIL_MGMT"));
    let place = object.strip_prefix(lake).expect("below the lake");
    let folder = arriving.join(place).parent().expect("a folder").to_owned();
    std::fs::create_dir_all(&folder).expect("the folder");
    let config = format!("[feed]\nsources = [\"dir:{}\"]\n", arriving.display());
    std::fs::write(home.join("config.toml"), config).expect("the configuration");

    let mut console = Console::start(home, lake);
    console.quiet(Duration::from_secs(4));
    console.type_text("\x1b2\x0e");
    console.quiet(Duration::from_millis(500));
    let (stop, stopped) = channel::<()>();
    let putting = std::thread::spawn(move || {
        let mut put = 0_u32;
        while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
            let name = format!("{put:032x}.gz.parquet");
            let unfinished = folder.join("unfinished");
            std::fs::copy(&object, &unfinished).expect("a copy");
            std::fs::rename(&unfinished, folder.join(name)).expect("its place");
            put += 1;
        }
        put
    });
    // Letters that nothing else on the screen has.
    let letters = ["Ж", "Щ", "Ю", "Ѣ"];
    let mut frames: Vec<Duration> = (0..KEYS)
        .map(|at| {
            let letter = letters[at % letters.len()];
            let begun = Instant::now();
            console.type_text(letter);
            console.shows(letter.as_bytes());
            let took = begun.elapsed();
            if at % 40 == 39 {
                console.type_text("\r");
            }
            std::thread::sleep(Duration::from_millis(20));
            took
        })
        .collect();
    drop(stop);
    let put = putting.join().expect("the burst");
    frames.sort_unstable();
    println!(
        "key to frame, {put} objects arriving  median {:.2} ms, p99 {:.2} ms, worst {:.2} ms of {KEYS}, {} MB",
        ms(frames[KEYS / 2]),
        ms(frames[KEYS * 99 / 100]),
        ms(frames[KEYS - 1]),
        console.rss() / 1024,
    );
    let begun = Instant::now();
    all_are_in(&home.join("data/inbox.sqlite"), &arriving, u64::from(put));
    println!(
        "all {put} objects in the inbox, each once: {:.1} s after the last key",
        begun.elapsed().as_secs_f64()
    );
}

/// Waits until the inbox has so many objects of a folder.
fn all_are_in(inbox: &Path, folder: &Path, count: u64) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let inbox = DiskInbox::open(inbox).expect("the inbox");
    let source = format!("dir:{}", folder.display());
    let begun = Instant::now();
    loop {
        let counts = runtime.block_on(inbox.counts()).expect("the inbox");
        let of_it = counts.iter().filter(|of| of.source == source);
        let there: u64 = of_it.map(InboxCount::total).sum();
        if there == count {
            return;
        }
        assert!(there < count, "{there} of {count} objects");
        assert!(begun.elapsed() < ALL_ARE_IN, "{there} of {count} objects");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The largest file below a folder.
fn largest(folder: &Path) -> PathBuf {
    let mut folders = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path => files.push((entry.metadata().map_or(0, |data| data.len()), path)),
            }
        }
    }
    files.sort();
    files.pop().expect("an object").1
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

struct Console {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    _master: Box<dyn portable_pty::MasterPty + Send>,
    tail: Vec<u8>,
}

impl Console {
    fn start(home: &Path, lake: &Path) -> Self {
        let size = PtySize {
            rows: 50,
            cols: 180,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).expect("a terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_lakehound"));
        command.arg("--lake");
        command.arg(lake);
        command.env("LAKEHOUND_DATA", home.join("data"));
        command.env("LAKEHOUND_CONFIG", home.join("config.toml"));
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        let child = pair.slave.spawn_command(command).expect("the console");
        let keyboard = pair.master.take_writer().expect("a keyboard");
        let mut reader = pair.master.try_clone_reader().expect("a screen");
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 65_536];
            while let Ok(count) = reader.read(&mut buffer) {
                if count == 0 || sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            keyboard,
            output,
            _master: pair.master,
            tail: Vec::new(),
        }
    }

    /// Waits for the end of a frame.
    fn frame(&mut self) {
        loop {
            if let Some(at) = self
                .tail
                .windows(FRAME_END.len())
                .position(|w| w == FRAME_END)
            {
                self.tail.drain(..at + FRAME_END.len());
                return;
            }
            let more = self.output.recv_timeout(Duration::from_secs(10));
            self.tail.extend(more.expect("a frame within ten seconds"));
        }
    }

    /// Waits until these bytes have come, and forgets what came before them.
    fn shows(&mut self, bytes: &[u8]) {
        loop {
            if let Some(at) = self.tail.windows(bytes.len()).position(|w| w == bytes) {
                self.tail.drain(..at + bytes.len());
                return;
            }
            let more = self.output.recv_timeout(Duration::from_secs(10));
            self.tail
                .extend(more.expect("the letter within ten seconds"));
        }
    }

    /// Waits until nothing has come for a while, and forgets what came.
    fn quiet(&mut self, time: Duration) {
        while self.output.recv_timeout(time).is_ok() {}
        self.tail.clear();
    }

    fn type_text(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).expect("a key");
        self.keyboard.flush().expect("a key");
    }

    /// Times that any of the process's threads was given the processor.
    fn switches(&self) -> u64 {
        let tasks = format!("/proc/{}/task", self.pid());
        let threads = std::fs::read_dir(tasks).expect("threads").flatten();
        let of = |path: PathBuf| {
            let text = std::fs::read_to_string(path.join("status")).unwrap_or_default();
            let lines = text.lines().filter(|line| line.contains("ctxt_switches"));
            lines
                .filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok())
                .sum::<u64>()
        };
        threads.map(|thread| of(thread.path())).sum()
    }

    /// Resident memory in KB.
    fn rss(&self) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("status");
        let line = text
            .lines()
            .find(|line| line.starts_with("VmRSS"))
            .expect("VmRSS");
        line.split_whitespace()
            .nth(1)
            .and_then(|n| n.parse().ok())
            .expect("a number")
    }

    fn pid(&self) -> u32 {
        self.child.process_id().expect("a process")
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
