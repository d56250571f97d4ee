//! The screen as state: its size, which pane has the focus, where the borders are, what is zoomed.

use serde::{Deserialize, Serialize};

/// One of the four panes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pane {
    /// Notifications as objects arrive.
    Feed,
    /// The SQL editor.
    Editor,
    /// The result grid.
    Results,
    /// The playbook checklist.
    Playbook,
}

impl Pane {
    /// The panes in the order of focus.
    pub const ALL: [Self; 4] = [Self::Feed, Self::Editor, Self::Results, Self::Playbook];

    /// The pane's title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Feed => "Feed",
            Self::Editor => "Editor",
            Self::Results => "Results",
            Self::Playbook => "Playbook",
        }
    }

    fn stepped(self, by: usize) -> Self {
        let at = Self::ALL.iter().position(|pane| *pane == self).unwrap_or(0);
        Self::ALL[(at + by) % Self::ALL.len()]
    }

    /// The pane after this one.
    pub fn next(self) -> Self {
        self.stepped(1)
    }

    /// The pane before this one.
    pub fn previous(self) -> Self {
        self.stepped(Self::ALL.len() - 1)
    }
}

/// How many percent a border moves at a time.
const BORDER_STEP: i16 = 3;

/// Where the borders are, in percent of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Borders {
    /// The feed's share of the width.
    pub feed: u16,
    /// The playbook's share of the width.
    pub playbook: u16,
    /// The editor's share of the height; the results have the rest.
    pub editor: u16,
}

impl Default for Borders {
    fn default() -> Self {
        Self {
            feed: 25,
            playbook: 26,
            editor: 34,
        }
    }
}

/// Which way a border is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To the left.
    Left,
    /// To the right.
    Right,
    /// Up.
    Up,
    /// Down.
    Down,
}

/// The screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
    /// The pane that takes the keys.
    pub focus: Pane,
    /// Whether the focused pane has the whole screen.
    pub zoomed: bool,
    /// Where the borders are.
    pub borders: Borders,
}

impl Screen {
    /// Below this size the four panes would not be readable side by side.
    pub const ALL_PANES_FROM: (u16, u16) = (100, 24);

    /// A screen of a size, focus in the editor.
    pub fn new(width: u16, height: u16) -> Self {
        Self {
            width,
            height,
            focus: Pane::Editor,
            zoomed: false,
            borders: Borders::default(),
        }
    }

    /// Whether only the focused pane is shown, by wish or for want of room.
    pub fn shows_one_pane(&self) -> bool {
        let (width, height) = Self::ALL_PANES_FROM;
        self.zoomed || self.width < width || self.height < height
    }

    /// Moves the border that the focused pane shares in that direction.
    pub fn move_border(&mut self, direction: Direction) {
        let step = match direction {
            Direction::Left | Direction::Up => -BORDER_STEP,
            Direction::Right | Direction::Down => BORDER_STEP,
        };
        let borders = &mut self.borders;
        match direction {
            Direction::Up | Direction::Down => borders.editor = shifted(borders.editor, step),
            // The border right of the middle column is the playbook's own left border: moving it
            // to the right makes the playbook narrower.
            _ if self.focus == Pane::Playbook => {
                borders.playbook = shifted(borders.playbook, -step)
            }
            _ => borders.feed = shifted(borders.feed, step),
        }
    }
}

/// A share that stays between a tenth and seven tenths, so that no pane vanishes.
fn shifted(share: u16, step: i16) -> u16 {
    share.saturating_add_signed(step).clamp(10, 70)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_focus_goes_round() {
        let mut pane = Pane::Feed;
        for expected in [Pane::Editor, Pane::Results, Pane::Playbook, Pane::Feed] {
            pane = pane.next();
            assert_eq!(pane, expected);
        }
        assert_eq!(Pane::Feed.previous(), Pane::Playbook);
    }

    #[test]
    fn small_screens_show_one_pane() {
        assert!(Screen::new(80, 24).shows_one_pane());
        assert!(!Screen::new(120, 40).shows_one_pane());
    }

    #[test]
    fn borders_stay_within_bounds() {
        let mut screen = Screen::new(120, 40);
        for _ in 0..100 {
            screen.move_border(Direction::Left);
            screen.move_border(Direction::Down);
        }
        assert_eq!((screen.borders.feed, screen.borders.editor), (10, 70));
        screen.focus = Pane::Playbook;
        screen.move_border(Direction::Left);
        assert_eq!(screen.borders.playbook, Borders::default().playbook + 3);
    }
}
