//! The real screen: terminal, frames and painter behind what the loop asks for.

use std::io;

use crossterm::clipboard::CopyToClipboard;

use super::content::Painting;
use crate::runtime::Screen;
use crate::store::State;
use crate::terminal::TerminalSession;
use crate::terminal::frame::Frames;

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

    fn capture_mouse(&mut self, on: bool) -> io::Result<()> {
        self.terminal.capture_mouse(on)
    }

    fn suspend(&mut self) -> io::Result<Option<(u16, u16)>> {
        self.terminal.suspend()?;
        Ok(crossterm::terminal::size().ok())
    }
}
