//! Stdout, where results go and nothing else.

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal as _, StdoutLock, Write};

use super::stop::Stop;
use crate::ui::text::safe_lines;

/// Buffered stdout that knows whether a person reads it.
pub(super) struct Stdout {
    out: BufWriter<StdoutLock<'static>>,
    tty: bool,
}

impl Stdout {
    pub(super) fn lock() -> Self {
        let stdout = io::stdout().lock();
        let tty = stdout.is_terminal();
        Self {
            out: BufWriter::with_capacity(64 << 10, stdout),
            tty,
        }
    }

    /// Whether it is a terminal.
    pub(super) fn is_tty(&self) -> bool {
        self.tty
    }

    /// One line as it is: for texts of ours and for machine-readable formats that escape.
    pub(super) fn line(&mut self, line: impl Display) -> Result<(), Stop> {
        writeln!(self.out, "{line}").map_err(|error| Stop::stdout(&error))
    }

    /// A text that somebody else wrote: byte for byte into a pipe, made safe on a terminal.
    pub(super) fn foreign_text(&mut self, text: &str) -> Result<(), Stop> {
        if self.tty {
            for line in safe_lines(text) {
                self.line(line.as_str())?;
            }
            return Ok(());
        }
        self.out
            .write_all(text.as_bytes())
            .map_err(|error| Stop::stdout(&error))
    }

    /// Hands over what is buffered; to be called at the end of every success.
    pub(super) fn finish(mut self) -> Result<(), Stop> {
        self.out.flush().map_err(|error| Stop::stdout(&error))
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
