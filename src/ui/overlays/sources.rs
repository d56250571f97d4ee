//! The sources of notifications: a line each, and below the lines what is to be known of the chosen
//! one.

use chrono::TimeDelta;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::lake::SourceNews;
use crate::store::State;
use crate::store::feed::SourcesPage;
use crate::ui::paint::{Pen, fill, foot, frame, more, placeholder};
use crate::ui::screen::{Cursor, overlay_area};
use crate::ui::text::{SafeText, wrap};
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::grid::group_digits;

/// Lines below the list for the chosen source, its rule included.
const DETAIL: u16 = 10;

/// Columns of each number.
const NUMBER: u16 = 10;

/// The head of a column of numbers, and what a source has in it.
type Column = (&'static str, fn(&State, &SourceNews) -> String);

/// The columns of numbers, the most telling first: what does not fit is left out.
const NUMBERS: [Column; 6] = [
    ("lag", |state, news| {
        news.lag(state.now).map(span).unwrap_or_default()
    }),
    ("a minute", |_, news| group_digits(news.per_minute)),
    ("new", |_, news| group_digits(news.received)),
    ("again", |_, news| group_digits(news.duplicates)),
    ("waiting", |_, news| {
        let waiting = news.backlog.map(|backlog| group_digits(backlog.waiting));
        waiting.unwrap_or_default()
    }),
    ("dead", |_, news| {
        let dead = news.backlog.and_then(|backlog| backlog.dead);
        dead.map(group_digits).unwrap_or_default()
    }),
];

/// Columns of the state's word.
const STATE: u16 = 9;

/// The fewest columns of a name.
const NAME: u16 = 20;

/// Draws the page. It never has a text cursor.
pub(super) fn draw(
    state: &State,
    page: &SourcesPage,
    theme: &Theme,
    buffer: &mut Buffer,
) -> Cursor {
    let sources = &state.feed.sources;
    let screen = *buffer.area();
    let lines = u16::try_from(sources.len()).unwrap_or(u16::MAX);
    let height = lines.saturating_add(DETAIL + 3).max(8);
    let area = overlay_area(buffer, theme, screen.width.min(140), height);
    let zone = format!("times in {}", state.setting.zone.name());
    let inner = frame(buffer, theme, area, true, "Sources", &zone);
    if sources.is_empty() {
        let text = "nothing is watched: `sources` under [feed] in the configuration names queues, \
                    folders and buckets";
        placeholder(buffer, theme, inner, &[text.to_owned()]);
        return None;
    }
    if inner.height < 2 {
        return None;
    }
    let room = inner.width.saturating_sub(NAME + STATE + 2) / NUMBER;
    let numbers = NUMBERS.get(..usize::from(room)).unwrap_or(&NUMBERS);
    let name = inner
        .width
        .saturating_sub(STATE + 2 + NUMBER * u16::try_from(numbers.len()).unwrap_or(0));
    head(theme, inner, name, numbers, buffer);
    let detail = if inner.height > DETAIL + 2 { DETAIL } else { 0 };
    let body = Rect {
        y: inner.y + 1,
        height: inner.height - 1 - detail,
        ..inner
    };
    let rows = usize::from(body.height);
    let selected = page.selected.min(sources.len().saturating_sub(1));
    let top = (selected + 1).saturating_sub(rows);
    let below = sources.len().saturating_sub(top + rows);
    foot(buffer, theme, area, ("", Role::Dim), &more(top, below));
    for (row, (at, source)) in (0..body.height).zip(sources.iter().enumerate().skip(top)) {
        let place = Rect {
            y: body.y + row,
            height: 1,
            ..body
        };
        let mut pen = Pen::new(buffer, theme, place, 0);
        let (word, role) = word(source);
        pen.skip(1).column(word, STATE, theme.style(role)).column(
            &source.name,
            name,
            theme.style(Role::Text),
        );
        for (_, value) in numbers {
            number(&mut pen, &value(state, source), theme, Role::Number);
        }
        if at == selected {
            fill(buffer, place, theme.style(Role::Cursor));
        }
    }
    if detail > 0
        && let Some(source) = sources.get(selected)
    {
        let area = Rect {
            y: body.bottom(),
            height: detail,
            ..inner
        };
        draw_detail(state, theme, area, source, buffer);
    }
    None
}

/// The word of a source's state.
fn word(source: &SourceNews) -> (&'static str, Role) {
    match (source.on, &source.state) {
        (false, _) => ("off", Role::Dim),
        (true, Ok(())) => ("watching", Role::Ok),
        (true, Err(_)) => ("failing", Role::Error),
    }
}

fn head(theme: &Theme, area: Rect, name: u16, numbers: &[Column], buffer: &mut Buffer) {
    let mut pen = Pen::new(buffer, theme, area, 0);
    pen.skip(1)
        .column("state", STATE, theme.style(Role::Header))
        .column("source", name, theme.style(Role::Header));
    for (head, _) in numbers {
        number(&mut pen, head, theme, Role::Header);
    }
}

fn number(pen: &mut Pen<'_>, text: &str, theme: &Theme, role: Role) {
    let width = usize::from(NUMBER - 1);
    let text = format!("{text:>width$}");
    pen.column(&text, NUMBER, theme.style(role));
}

fn draw_detail(state: &State, theme: &Theme, area: Rect, source: &SourceNews, buffer: &mut Buffer) {
    let rule = "─".repeat(usize::from(area.width));
    Pen::new(buffer, theme, area, 0).role(&rule, Role::Border);
    let mut told = vec![(source.name.clone(), Role::Text)];
    if let Err(reason) = &source.state {
        told.push((reason.clone(), Role::Error));
    }
    if let Some(backlog) = source.backlog {
        let flight = group_digits(backlog.in_flight);
        told.push((
            format!("{flight} messages are received and not deleted"),
            Role::Dim,
        ));
    }
    if source.refused > 0 {
        let refused = group_digits(source.refused);
        told.push((format!("{refused} bodies were no notification"), Role::Warn));
    }
    if let Some((at, text)) = &source.last_error
        && source.state.as_ref().err() != Some(text)
    {
        let at = at.with_timezone(&state.setting.zone);
        told.push((
            format!("last error at {}: {text}", at.format("%m-%d %H:%M:%S")),
            Role::Warn,
        ));
    }
    told.extend(source.notes.iter().map(|note| (note.clone(), Role::Dim)));
    let width = usize::from(area.width.saturating_sub(2));
    let lines = told.iter().flat_map(|(text, role)| {
        let lines = wrap(&SafeText::new(text), width);
        lines.into_iter().map(move |line| (line, *role))
    });
    for (row, (line, role)) in (1..area.height).zip(lines) {
        let mut pen = Pen::new(buffer, theme, area, row);
        pen.skip(1).safe(&line, theme.style(role));
    }
}

/// A stretch of time in its largest unit.
fn span(time: TimeDelta) -> String {
    match (time.num_days(), time.num_hours(), time.num_minutes()) {
        (days @ 2.., ..) => format!("{days} d"),
        (_, hours @ 2.., _) => format!("{hours} h"),
        (.., minutes @ 2..) => format!("{minutes} min"),
        _ => format!("{} s", time.num_seconds()),
    }
}
