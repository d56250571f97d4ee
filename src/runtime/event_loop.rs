//! The loop: signals, keys, answers, timers, frames, in this order of precedence.

use std::io;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::effects::Effects;
use super::pacer::Pacer;
use super::signals::Signal;
use super::timers::Timers;
use crate::ports::Clock;
use crate::store::effect::Effect;
use crate::store::event::Event;
use crate::store::queue::Alert;
use crate::store::{State, update};

/// Answers that are handled between two looks at the keys.
const ANSWERS_AT_ONCE: usize = 64;

/// What the loop draws on.
#[allow(async_fn_in_trait, reason = "used by the loop alone, on one thread")]
pub trait Screen {
    /// Whether the last frame has been written.
    fn ready(&self) -> bool;
    /// Waits until a frame has been written.
    async fn written(&self);
    /// Draws the state.
    fn draw(&mut self, state: &State) -> io::Result<()>;
    /// Forgets what is on the screen.
    fn forget(&mut self);
    /// Puts a text into the clipboard.
    fn copy(&mut self, text: &str) -> io::Result<()>;
    /// Rings, tells the desktop, changes the terminal's title. The texts are data.
    fn alert(&mut self, alert: &Alert) -> io::Result<()>;
    /// Takes or releases the mouse.
    fn capture_mouse(&mut self, on: bool) -> io::Result<()>;
    /// Puts the program into the background; returns when it is back, with the window's width and
    /// height then, where the terminal tells them: no signal came while it was away.
    fn suspend(&mut self) -> io::Result<Option<(u16, u16)>>;
}

/// Everything that the loop turns.
pub struct EventLoop<S> {
    /// The state.
    pub state: State,
    /// Who does the work.
    pub effects: Effects,
    /// What is drawn on.
    pub screen: S,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Keys, pastes, mouse, resizes.
    pub input: mpsc::Receiver<Event>,
    /// Answers of effects.
    pub answers: mpsc::Receiver<Event>,
    /// Signals.
    pub signals: mpsc::Receiver<Signal>,
    timers: Timers,
    pacer: Pacer,
}

/// What woke the loop.
enum Wake {
    Signal(Signal),
    Event(Box<Event>),
    /// The terminal's input is gone.
    InputGone,
    Timer,
    Frame,
    Written,
}

impl<S: Screen> EventLoop<S> {
    /// A loop that has not begun.
    pub fn new(
        state: State,
        effects: Effects,
        screen: S,
        clock: Arc<dyn Clock>,
        input: mpsc::Receiver<Event>,
        answers: mpsc::Receiver<Event>,
        signals: mpsc::Receiver<Signal>,
    ) -> Self {
        let mut pacer = Pacer::default();
        pacer.mark();
        let timers = Timers::default();
        Self {
            state,
            effects,
            screen,
            clock,
            input,
            answers,
            signals,
            timers,
            pacer,
        }
    }

    /// Does what the start asks for, and turns until the store asks to quit. Gives the screen and
    /// the state back.
    pub async fn run(mut self, first: Vec<Effect>) -> io::Result<(S, State)> {
        // The first frame stands before anything is asked for.
        self.screen.draw(&self.state)?;
        self.pacer.drawn(Instant::now());
        if self.perform(first)? {
            self.effects.finish().await;
            return Ok((self.screen, self.state));
        }
        loop {
            let quit = match self.wake().await {
                Wake::Signal(Signal::Terminate) | Wake::InputGone => self.take(Event::Terminate)?,
                Wake::Signal(Signal::Suspend) => self.perform(vec![Effect::Suspend])?,
                Wake::Event(event) => self.take_all(*event)?,
                Wake::Timer => match self.timers.take_due() {
                    Some(id) => self.take(Event::Timer(id))?,
                    None => false,
                },
                Wake::Frame => {
                    self.screen.draw(&self.state)?;
                    self.pacer.drawn(Instant::now());
                    false
                }
                Wake::Written => false,
            };
            if quit {
                self.effects.finish().await;
                return Ok((self.screen, self.state));
            }
        }
    }

    async fn wake(&mut self) -> Wake {
        let ready = self.screen.ready();
        let frame = self.pacer.due(Instant::now());
        let timer = self.timers.next();
        tokio::select! {
            biased;
            Some(signal) = self.signals.recv() => Wake::Signal(signal),
            event = self.input.recv() => {
                event.map_or(Wake::InputGone, |event| Wake::Event(Box::new(event)))
            }
            () = sleep_until_some(frame), if ready => Wake::Frame,
            Some(event) = self.answers.recv() => Wake::Event(Box::new(event)),
            () = sleep_until_some(timer) => Wake::Timer,
            () = self.screen.written(), if frame.is_some() && !ready => Wake::Written,
        }
    }

    /// Takes an event and whatever has queued behind it, keys first, so that a flood of answers
    /// costs one frame and not a frame each.
    fn take_all(&mut self, first: Event) -> io::Result<bool> {
        if self.take(first)? {
            return Ok(true);
        }
        for _ in 0..ANSWERS_AT_ONCE {
            let next = self.input.try_recv().or_else(|_| self.answers.try_recv());
            match next {
                Ok(event) => {
                    if self.take(event)? {
                        return Ok(true);
                    }
                }
                Err(_) => break,
            }
        }
        Ok(false)
    }

    fn take(&mut self, event: Event) -> io::Result<bool> {
        let effects = update(&mut self.state, event, self.clock.now());
        self.pacer.mark();
        self.perform(effects)
    }

    /// Does what only the loop can do, and hands on the rest. Tells whether to quit.
    fn perform(&mut self, effects: Vec<Effect>) -> io::Result<bool> {
        for effect in effects {
            tracing::debug!(effect = effect.name(), "effect");
            match effect {
                Effect::Quit => return Ok(true),
                Effect::SetTimer(id, after) => self.timers.set(id, after),
                Effect::Copy(text) => self.screen.copy(&text)?,
                Effect::Alert(alert) => self.screen.alert(&alert)?,
                Effect::CaptureMouse(on) => self.screen.capture_mouse(on)?,
                Effect::Redraw => {
                    self.screen.forget();
                    self.pacer.mark();
                }
                Effect::Suspend => {
                    let size = self.screen.suspend()?;
                    if self.take(Event::Resumed { size })? {
                        return Ok(true);
                    }
                }
                other => self.effects.perform(other),
            }
        }
        Ok(false)
    }
}

async fn sleep_until_some(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
