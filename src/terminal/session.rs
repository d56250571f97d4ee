//! Taking the terminal and giving it back.

use std::io::{self, IsTerminal, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::{cursor, event, execute, queue, style, terminal};

/// Whether the terminal is ours now. Global because a panic hook must know it.
static ENTERED: AtomicBool = AtomicBool::new(false);

/// Puts the terminal's title on its stack, and takes it back from there.
const PUSH_TITLE: &str = "\x1b[22;2t";
const POP_TITLE: &str = "\x1b[23;2t";

/// Whether the terminal's title is ours, and its own one waits on the terminal's stack.
static TITLED: AtomicBool = AtomicBool::new(false);

/// Why the terminal could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// Input or output is a file or a pipe.
    #[error(
        "the console needs a terminal on standard input and output; \
         in scripts use `lakehound query`, see `lakehound --help`"
    )]
    NotATerminal,
    /// The terminal refused.
    #[error("the terminal cannot be set up: {0}")]
    Io(#[from] io::Error),
}

/// The terminal while it is ours: raw mode, the alternate screen, bracketed paste, focus reports.
/// Dropping it gives the terminal back as it was.
#[derive(Debug)]
pub struct TerminalSession {
    mouse: bool,
}

impl TerminalSession {
    /// Takes the terminal.
    pub fn enter(mouse: bool) -> Result<Self, TerminalError> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(TerminalError::NotATerminal);
        }
        restore_on_panic();
        // Which colours are used is the theme's choice, and the monochrome theme uses none. The
        // library's own answer to NO_COLOR would write empty colour codes, which reset bold and
        // reverse as well.
        style::force_color_output(true);
        let session = Self { mouse };
        session.take()?;
        Ok(session)
    }

    /// Takes or releases the mouse.
    pub fn capture_mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        let mut out = io::stdout().lock();
        if on {
            execute!(out, event::EnableMouseCapture)
        } else {
            execute!(out, event::DisableMouseCapture)
        }
    }

    /// The bytes that give the terminal a title, or that ring it, or that tell the desktop. The
    /// texts hold no control characters, or they would end the sequence early: whoever has data
    /// makes it safe first.
    pub fn announcement(bell: bool, notify: Option<&str>, title: Option<&str>) -> String {
        let mut bytes = String::new();
        if let Some(title) = title {
            if !TITLED.swap(true, Ordering::SeqCst) {
                bytes += PUSH_TITLE;
            }
            bytes += &format!("\x1b]2;{title}\x07");
        }
        if let Some(text) = notify {
            // Two dialects: terminals pass over the one that they do not know.
            bytes += &format!("\x1b]9;{text}\x07");
            bytes += &format!("\x1b]777;notify;lakehound;{text}\x07");
        }
        if bell {
            bytes.push('\x07');
        }
        bytes
    }

    /// Gives the terminal back, stops the process as the shell's job control does, and takes the
    /// terminal again when the shell lets the process go on.
    pub fn suspend(&mut self) -> io::Result<()> {
        leave()?;
        signal_hook::low_level::raise(signal_hook::consts::SIGSTOP)?;
        self.take()
    }

    fn take(&self) -> io::Result<()> {
        ENTERED.store(true, Ordering::SeqCst);
        terminal::enable_raw_mode()?;
        let mut out = io::stdout().lock();
        queue!(
            out,
            terminal::EnterAlternateScreen,
            cursor::Hide,
            event::EnableBracketedPaste,
            event::EnableFocusChange,
        )?;
        if self.mouse {
            queue!(out, event::EnableMouseCapture)?;
        }
        out.flush()
    }
}

impl Drop for TerminalSession {
    fn drop(&mut self) {
        // Nobody is left to be told.
        let _ = leave();
    }
}

/// Gives the terminal back; a second call does nothing.
pub(super) fn leave() -> io::Result<()> {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return Ok(());
    }
    let mut out = io::stdout().lock();
    if TITLED.swap(false, Ordering::SeqCst) {
        out.write_all(POP_TITLE.as_bytes())?;
    }
    // A frame may have been cut off in the middle: end the synchronized update first.
    queue!(
        out,
        terminal::EndSynchronizedUpdate,
        style::ResetColor,
        event::DisableMouseCapture,
        event::DisableFocusChange,
        event::DisableBracketedPaste,
        terminal::LeaveAlternateScreen,
        cursor::Show,
    )?;
    out.flush()?;
    terminal::disable_raw_mode()
}

fn restore_on_panic() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let previous = std::panic::take_hook();
        let owner = std::thread::current().id();
        std::panic::set_hook(Box::new(move |info| {
            // Another thread's panic is caught by whoever started it and told as an error: it ends
            // a query or a task, not the console, and its words have no place on the screen.
            if std::thread::current().id() != owner && ENTERED.load(Ordering::SeqCst) {
                tracing::error!(%info, "a task panicked");
                return;
            }
            let _ = leave();
            previous(info);
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terminals_own_title_is_put_aside_once_and_texts_stand_inside_their_sequences() {
        let first = TerminalSession::announcement(false, None, Some("a: 1 open"));
        assert_eq!(first, format!("{PUSH_TITLE}\x1b]2;a: 1 open\x07"));
        let second = TerminalSession::announcement(true, Some("High: x"), Some("b"));
        assert_eq!(
            second,
            "\x1b]2;b\x07\x1b]9;High: x\x07\x1b]777;notify;lakehound;High: x\x07\x07"
        );
        TITLED.store(false, Ordering::SeqCst);
    }
}
