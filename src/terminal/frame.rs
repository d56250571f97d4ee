//! Frames: drawn into memory, written by a thread of their own, so that a slow terminal never
//! blocks a key. At most one frame is on its way; while it is, the next is not even drawn.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use crossterm::{queue, terminal};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use tokio::sync::Notify;

/// Bytes that a frame is drawn into.
#[derive(Debug, Clone, Default)]
struct FrameBytes(Arc<std::sync::Mutex<Vec<u8>>>);

impl FrameBytes {
    fn take(&self) -> Vec<u8> {
        std::mem::take(
            &mut *self
                .0
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        )
    }
}

impl Write for FrameBytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut buffer = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        buffer.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the writer's thread and the loop share.
#[derive(Debug, Default)]
struct Link {
    busy: AtomicBool,
    written: Notify,
}

/// Draws frames and hands their bytes to the writer.
///
/// Compares a frame with the one on the screen by itself: the drawing library's own terminal asks
/// the real one for its cursor whenever the size changes, and the answer would come among the keys.
pub struct Frames {
    backend: CrosstermBackend<FrameBytes>,
    bytes: FrameBytes,
    /// What is on the screen; empty when nothing is known of it.
    shown: Buffer,
    link: Arc<Link>,
    outbox: Option<SyncSender<Vec<u8>>>,
    writer: Option<JoinHandle<()>>,
}

impl Frames {
    /// Frames for the real terminal.
    pub fn to_stdout() -> io::Result<Self> {
        Self::to(io::stdout())
    }

    /// Frames for any sink.
    pub fn to(mut sink: impl Write + Send + 'static) -> io::Result<Self> {
        let bytes = FrameBytes::default();
        let link = Arc::new(Link::default());
        let (outbox, inbox) = sync_channel::<Vec<u8>>(1);
        let shared = Arc::clone(&link);
        let writer = std::thread::Builder::new()
            .name("frames".into())
            .spawn(move || {
                for frame in inbox {
                    // A terminal that is gone is reported by the input side; here there is no
                    // answer.
                    let _ = sink.write_all(&frame).and_then(|()| sink.flush());
                    shared.busy.store(false, Ordering::Release);
                    shared.written.notify_one();
                }
            })?;
        Ok(Self {
            backend: CrosstermBackend::new(bytes.clone()),
            bytes,
            shown: Buffer::default(),
            link,
            outbox: Some(outbox),
            writer: Some(writer),
        })
    }

    /// Whether the last frame has been written.
    pub fn ready(&self) -> bool {
        !self.link.busy.load(Ordering::Acquire)
    }

    /// Waits until a frame has been written.
    pub async fn written(&self) {
        self.link.written.notified().await;
    }

    /// Draws a frame of a size and sends what changed; `paint` tells where the text cursor stands.
    /// Call it only when [`Self::ready`].
    pub fn draw(
        &mut self,
        (width, height): (u16, u16),
        paint: impl FnOnce(&mut Buffer) -> Option<(u16, u16)>,
    ) -> io::Result<()> {
        let area = Rect::new(0, 0, width, height);
        let mut next = Buffer::empty(area);
        let cursor = paint(&mut next).filter(|cursor| area.contains(Position::from(*cursor)));
        queue!(&mut self.bytes, terminal::BeginSynchronizedUpdate)?;
        if self.shown.area != area {
            self.backend.clear()?;
            self.shown = Buffer::empty(area);
        }
        self.backend.draw(self.shown.diff(&next).into_iter())?;
        match cursor {
            Some(cursor) => {
                self.backend.show_cursor()?;
                self.backend.set_cursor_position(Position::from(cursor))?;
            }
            None => self.backend.hide_cursor()?,
        }
        queue!(&mut self.bytes, terminal::EndSynchronizedUpdate)?;
        self.shown = next;
        self.send();
        Ok(())
    }

    /// Writes bytes that are no frame, such as a clipboard sequence, ahead of the next frame.
    pub fn write(&mut self, command: impl crossterm::Command) -> io::Result<()> {
        queue!(&mut self.bytes, command)
    }

    /// Forgets what is on the screen, so that the next frame draws every cell.
    pub fn forget(&mut self) {
        self.shown = Buffer::default();
    }

    fn send(&mut self) {
        let frame = self.bytes.take();
        if let Some(outbox) = &self.outbox {
            self.link.busy.store(true, Ordering::Release);
            if outbox.send(frame).is_err() {
                self.link.busy.store(false, Ordering::Release);
            }
        }
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        self.outbox = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}
