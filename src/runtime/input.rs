//! The terminal's input: from the library's events to the store's.

use std::io;

use crossterm::event::{
    self, EventStream, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind,
};
use futures::StreamExt;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::store::event::{Event, Mouse, MouseKind};
use crate::store::key::{Chord, KeyCode};

/// Events that wait for the loop before the terminal does.
const WAITING: usize = 1_024;

/// Starts reading keys, pastes, the mouse and the window's size. Must be called inside a tokio
/// runtime; reading ends when the receiver is dropped.
pub fn input() -> io::Result<mpsc::Receiver<Event>> {
    let (sender, receiver) = mpsc::channel(WAITING);
    // The library reports sizes as well, but loses one that changes in the same moment as a key
    // arrives. A signal of our own is never lost: many may become one, and then the last size is
    // the one that is asked for.
    let mut resized = signal(SignalKind::window_change())?;
    tokio::spawn(async move {
        let mut stream = EventStream::new();
        loop {
            let event = tokio::select! {
                _ = resized.recv() => window_size(),
                read = stream.next() => match read {
                    Some(Ok(input)) => translate(input),
                    _ => break,
                },
            };
            if let Some(event) = event
                && sender.send(event).await.is_err()
            {
                break;
            }
        }
    });
    Ok(receiver)
}

/// The window's size now; nothing where the terminal does not tell it.
fn window_size() -> Option<Event> {
    let (width, height) = crossterm::terminal::size().ok()?;
    Some(Event::Resize { width, height })
}

/// The store's event, or nothing for what has no meaning here.
fn translate(input: event::Event) -> Option<Event> {
    match input {
        event::Event::Key(key) if key.kind != KeyEventKind::Release => chord(key).map(Event::Key),
        event::Event::Paste(text) => Some(Event::Paste(text)),
        event::Event::FocusGained => Some(Event::Focus(true)),
        event::Event::FocusLost => Some(Event::Focus(false)),
        event::Event::Mouse(mouse) => {
            let kind = match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => MouseKind::Press,
                MouseEventKind::ScrollUp => MouseKind::ScrollUp,
                MouseEventKind::ScrollDown => MouseKind::ScrollDown,
                _ => return None,
            };
            Some(Event::Mouse(Mouse {
                kind,
                column: mouse.column,
                row: mouse.row,
            }))
        }
        event::Event::Key(_) | event::Event::Resize(..) => None,
    }
}

fn chord(key: event::KeyEvent) -> Option<Chord> {
    let code = match key.code {
        event::KeyCode::Char(c) => KeyCode::Char(c),
        event::KeyCode::F(n) => KeyCode::F(n),
        event::KeyCode::Enter => KeyCode::Enter,
        event::KeyCode::Esc => KeyCode::Esc,
        event::KeyCode::Tab | event::KeyCode::BackTab => KeyCode::Tab,
        event::KeyCode::Backspace => KeyCode::Backspace,
        event::KeyCode::Delete => KeyCode::Delete,
        event::KeyCode::Insert => KeyCode::Insert,
        event::KeyCode::Up => KeyCode::Up,
        event::KeyCode::Down => KeyCode::Down,
        event::KeyCode::Left => KeyCode::Left,
        event::KeyCode::Right => KeyCode::Right,
        event::KeyCode::Home => KeyCode::Home,
        event::KeyCode::End => KeyCode::End,
        event::KeyCode::PageUp => KeyCode::PageUp,
        event::KeyCode::PageDown => KeyCode::PageDown,
        // Ctrl-Space, as older terminals send it.
        event::KeyCode::Null => {
            return Some(Chord {
                ctrl: true,
                ..Chord::char(' ')
            });
        }
        _ => return None,
    };
    let held = |modifier| key.modifiers.contains(modifier);
    let is_back_tab = key.code == event::KeyCode::BackTab;
    Some(Chord {
        code,
        ctrl: held(KeyModifiers::CONTROL),
        alt: held(KeyModifiers::ALT),
        // A character carries Shift in its case.
        shift: !matches!(code, KeyCode::Char(_)) && (is_back_tab || held(KeyModifiers::SHIFT)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(code: event::KeyCode, modifiers: KeyModifiers) -> Option<String> {
        match translate(event::Event::Key(event::KeyEvent::new(code, modifiers))) {
            Some(Event::Key(chord)) => Some(chord.to_string()),
            _ => None,
        }
    }

    #[test]
    fn keys_have_the_names_of_the_key_map() {
        use event::KeyCode as K;
        let none = KeyModifiers::NONE;
        assert_eq!(
            pressed(K::Char('r'), KeyModifiers::CONTROL).as_deref(),
            Some("ctrl-r")
        );
        assert_eq!(
            pressed(K::Char('G'), KeyModifiers::SHIFT).as_deref(),
            Some("G")
        );
        assert_eq!(pressed(K::BackTab, none).as_deref(), Some("shift-tab"));
        assert_eq!(pressed(K::Null, none).as_deref(), Some("ctrl-space"));
        assert_eq!(pressed(K::F(5), none).as_deref(), Some("f5"));
        assert_eq!(pressed(K::CapsLock, none), None);
    }

    #[test]
    fn releases_mean_nothing() {
        let mut key = event::KeyEvent::new(event::KeyCode::Enter, KeyModifiers::NONE);
        key.kind = KeyEventKind::Release;
        assert!(translate(event::Event::Key(key)).is_none());
    }
}
