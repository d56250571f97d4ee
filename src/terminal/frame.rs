//! Frames: drawn into memory, written by a thread of their own, so that a slow terminal never
//! blocks a key. At most one frame is on its way; while it is, the next is not even drawn.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use crossterm::{queue, terminal};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
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
pub struct Frames {
    terminal: Terminal<CrosstermBackend<FrameBytes>>,
    bytes: FrameBytes,
    link: Arc<Link>,
    outbox: Option<SyncSender<Vec<u8>>>,
    writer: Option<JoinHandle<()>>,
}

impl Frames {
    /// Frames for the real terminal.
    pub fn to_stdout() -> io::Result<Self> {
        Self::to(io::stdout())
    }

    /// Frames for any sink; the terminal's size still comes from the terminal.
    pub fn to(mut sink: impl Write + Send + 'static) -> io::Result<Self> {
        let bytes = FrameBytes::default();
        let terminal = Terminal::new(CrosstermBackend::new(bytes.clone()))?;
        let link = Arc::new(Link::default());
        let (outbox, inbox) = sync_channel::<Vec<u8>>(1);
        let shared = Arc::clone(&link);
        let writer = std::thread::Builder::new()
            .name("frames".into())
            .spawn(move || {
                for frame in inbox {
                    // A terminal that is gone is reported by the input side; here there is no answer.
                    let _ = sink.write_all(&frame).and_then(|()| sink.flush());
                    shared.busy.store(false, Ordering::Release);
                    shared.written.notify_one();
                }
            })?;
        Ok(Self {
            terminal,
            bytes,
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

    /// Draws a frame and sends what changed. Call it only when [`Self::ready`].
    pub fn draw(&mut self, render: impl FnOnce(&mut ratatui::Frame<'_>)) -> io::Result<()> {
        queue!(&mut self.bytes, terminal::BeginSynchronizedUpdate)?;
        self.terminal.draw(render)?;
        queue!(&mut self.bytes, terminal::EndSynchronizedUpdate)?;
        self.send();
        Ok(())
    }

    /// Writes bytes that are no frame, such as a clipboard sequence, between two frames.
    pub fn write(&mut self, command: impl crossterm::Command) -> io::Result<()> {
        queue!(&mut self.bytes, command)
    }

    /// Forgets what is on the screen, so that the next frame draws every cell.
    pub fn forget(&mut self) -> io::Result<()> {
        self.terminal.clear()
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
