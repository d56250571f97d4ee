//! The real binary in a real pseudo-terminal, with a screen that is read as a person reads it.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long anything may take on a loaded machine before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A console at work.
pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Arc<Mutex<Box<dyn Write + Send>>>,
    master: Box<dyn MasterPty + Send>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    /// Everything that the program wrote.
    pub(crate) bytes: Vec<u8>,
    ended: bool,
}

/// Where a console keeps its things.
pub(crate) struct Home(tempfile::TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.0.path().join("config.toml")
    }
}

impl Terminal {
    /// Starts the console on a lake.
    pub(crate) fn start(home: &Home, lake: &Path, size: (u16, u16)) -> Self {
        Self::start_with(home, &["--lake".as_ref(), lake.as_os_str()], &[], size)
    }

    /// Starts the console with arguments and more of an environment.
    pub(crate) fn start_with(
        home: &Home,
        arguments: &[&OsStr],
        environment: &[(&str, &str)],
        (columns, rows): (u16, u16),
    ) -> Self {
        let size = PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_lakehound"));
        command.args(arguments);
        for (name, value) in environment {
            command.env(name, value);
        }
        command.env("LAKEHOUND_DATA", home.data());
        command.env("LAKEHOUND_CONFIG", home.config());
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.env_remove("NO_COLOR");
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let keyboard = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let mut reader = pair.master.try_clone_reader().unwrap();
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
            master: pair.master,
            output,
            screen: vt100::Parser::new(cells(rows), cells(columns), 0),
            bytes: Vec::new(),
            ended: false,
        }
    }

    /// The text on the screen, a line each.
    pub(crate) fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// The screen with its colours.
    pub(crate) fn screen(&self) -> &vt100::Screen {
        self.screen.screen()
    }

    /// Waits until the screen shows what is asked for.
    pub(crate) fn wait_until(&mut self, what: &str, holds: impl Fn(&str) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !holds(&self.text()) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !self.ended,
                "never came: {what}\n{}",
                self.text()
            );
            self.take(left);
        }
    }

    /// Waits for a text on the screen.
    pub(crate) fn wait_for(&mut self, text: &str) {
        self.wait_until(text, |screen| screen.contains(text));
    }

    /// Presses keys until the screen shows a text: a message of something else may have taken the
    /// place of the one that is waited for.
    pub(crate) fn press_until(&mut self, keys: &[&str], text: &str) {
        let end = Instant::now() + PATIENCE;
        loop {
            self.press(keys);
            let again = Instant::now() + Duration::from_secs(2);
            while !self.text().contains(text) && Instant::now() < again {
                self.take(again.saturating_duration_since(Instant::now()));
            }
            if self.text().contains(text) {
                return;
            }
            assert!(
                Instant::now() < end && !self.ended,
                "never came: {text}\n{}",
                self.text()
            );
        }
    }

    /// Waits until no result of the tabs in sight still runs: leaving would ask.
    pub(crate) fn wait_for_rest(&mut self) {
        self.wait_until("no query runs", |screen| !screen.contains('▸'));
    }

    /// Waits until the program has written these bytes.
    pub(crate) fn wait_for_bytes(&mut self, bytes: &[u8]) {
        let end = Instant::now() + PATIENCE;
        while !contains(&self.bytes, bytes) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "never written: {}", bytes.escape_ascii());
            self.take(left);
        }
    }

    /// Waits until the program has ended and everything that it wrote has been read.
    pub(crate) fn wait_for_end(&mut self) -> u32 {
        let end = Instant::now() + PATIENCE;
        while !self.ended {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "it does not end\n{}", self.text());
            self.take(left.min(Duration::from_millis(50)));
            if self.child.try_wait().unwrap().is_some() {
                while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(200)) {
                    self.see(&bytes);
                }
                self.ended = true;
            }
        }
        self.child.wait().unwrap().exit_code()
    }

    fn take(&mut self, patience: Duration) {
        match self.output.recv_timeout(patience) {
            Ok(bytes) => self.see(&bytes),
            Err(RecvTimeoutError::Disconnected) => self.ended = true,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }

    fn see(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.screen.process(bytes);
    }

    /// Presses keys: `enter`, `ctrl-t`, `alt-3`, `f5`, or a character each of a quoted word.
    pub(crate) fn press(&mut self, keys: &[&str]) {
        for key in keys {
            self.send(&bytes_of(key));
        }
    }

    /// Types a text.
    pub(crate) fn type_text(&mut self, text: &str) {
        self.send(text.as_bytes());
    }

    /// Pastes a text as a terminal does that brackets it.
    pub(crate) fn paste(&mut self, text: &str) {
        self.send(format!("\x1b[200~{text}\x1b[201~").as_bytes());
    }

    fn send(&mut self, bytes: &[u8]) {
        let mut keyboard = self.keyboard.lock().unwrap();
        keyboard.write_all(bytes).unwrap();
        keyboard.flush().unwrap();
    }

    /// Changes the window's size.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        let size = PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        self.master.resize(size).unwrap();
        self.screen
            .screen_mut()
            .set_size(cells(rows), cells(columns));
    }

    /// The process's id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Sends a signal by its name, as a shell does.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        let status = std::process::Command::new("kill")
            .args(["-s", name, &pid])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Waits until the process is in a state, such as `T` for stopped.
    pub(crate) fn wait_for_state(&mut self, state: char) {
        let end = Instant::now() + PATIENCE;
        let stat = format!("/proc/{}/stat", self.pid());
        loop {
            let text = std::fs::read_to_string(&stat).unwrap();
            let now = text.rsplit_once(')').unwrap().1.trim_start().chars().next();
            if now == Some(state) {
                return;
            }
            assert!(Instant::now() < end, "the process is {now:?}, not {state}");
            self.take(Duration::from_millis(20));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A test that failed leaves nothing running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether `needle` occurs in `haystack`.
pub(crate) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

fn cells(count: u16) -> std::num::NonZero<u16> {
    std::num::NonZero::new(count).unwrap()
}

fn bytes_of(key: &str) -> Vec<u8> {
    let fixed: &[u8] = match key {
        "enter" => b"\r",
        "esc" => b"\x1b",
        "tab" => b"\t",
        "space" => b" ",
        "backspace" => b"\x7f",
        "up" => b"\x1b[A",
        "down" => b"\x1b[B",
        "right" => b"\x1b[C",
        "left" => b"\x1b[D",
        "home" => b"\x1b[H",
        "end" => b"\x1b[F",
        "f1" => b"\x1bOP",
        "f5" => b"\x1b[15~",
        "f8" => b"\x1b[19~",
        _ => b"",
    };
    if !fixed.is_empty() {
        return fixed.to_vec();
    }
    if let Some(letter) = key.strip_prefix("ctrl-") {
        return vec![letter.as_bytes()[0] & 0x1f];
    }
    if let Some(rest) = key.strip_prefix("alt-") {
        return [b"\x1b", rest.as_bytes()].concat();
    }
    key.as_bytes().to_vec()
}
