//! The real screen: terminal, frames and painter behind what the loop asks for.

use std::io;

use crossterm::clipboard::CopyToClipboard;

use super::content::Painting;
use crate::runtime::Screen;
use crate::store::State;
use crate::store::queue::Alert;
use crate::terminal::TerminalSession;
use crate::terminal::frame::Frames;
use crate::ui::text::SafeText;

/// The console's screen.
pub(super) struct Console<'a> {
    terminal: &'a mut TerminalSession,
    painting: &'a mut Painting,
    frames: Frames,
}

impl<'a> Console<'a> {
    pub(super) fn new(
        terminal: &'a mut TerminalSession,
        painting: &'a mut Painting,
    ) -> io::Result<Self> {
        Ok(Self {
            terminal,
            painting,
            frames: Frames::to_stdout()?,
        })
    }
}

/// The longest text that is told outside the screen, in columns.
const ANNOUNCED: usize = 160;

/// A text of the lake as it may leave the screen: every character that could end or change the
/// sequence around it is shown as an escape, and a `;` would begin another part of it.
fn announced(text: &str) -> String {
    let safe = SafeText::bounded(text, ANNOUNCED).truncated(ANNOUNCED);
    safe.as_str().replace(';', ",")
}

impl Screen for Console<'_> {
    fn ready(&self) -> bool {
        self.frames.ready()
    }

    async fn written(&self) {
        self.frames.written().await;
    }

    fn draw(&mut self, state: &State) -> io::Result<()> {
        let painter = &mut self.painting.painter;
        let size = (state.screen.width, state.screen.height);
        self.frames
            .draw(size, |buffer| painter.paint(buffer, state))
    }

    fn forget(&mut self) {
        self.frames.forget();
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        self.frames.write(CopyToClipboard::to_clipboard_from(text))
    }

    fn alert(&mut self, alert: &Alert) -> io::Result<()> {
        let notify = alert.notify.as_deref().map(announced);
        let title = alert.title.as_deref().map(announced);
        let bytes = TerminalSession::announcement(alert.bell, notify.as_deref(), title.as_deref());
        self.frames.write(crossterm::style::Print(bytes))
    }

    fn capture_mouse(&mut self, on: bool) -> io::Result<()> {
        self.terminal.capture_mouse(on)
    }

    fn suspend(&mut self) -> io::Result<Option<(u16, u16)>> {
        self.terminal.suspend()?;
        Ok(crossterm::terminal::size().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_of_the_lake_ends_the_sequence_around_it_or_begins_another() {
        let hostile = "a\x07b\x1b]52;c;eA==\x1b\\\u{9d}2;x\u{9c}\n\u{202e}";
        let told = announced(hostile);
        assert!(!told.chars().any(char::is_control), "{told:?}");
        assert!(!told.contains([';', '\u{202e}']), "{told:?}");
        assert!(told.starts_with("a\\x07b\\x1b]52,c,eA=="), "{told:?}");
        assert!(announced(&"ä".repeat(10_000)).chars().count() <= ANNOUNCED);
    }
}
