use proptest::prelude::*;
use ratatui::buffer::{Buffer, CellWidth as _};
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use unicode_segmentation::UnicodeSegmentation as _;

use super::classify::{MARKS_PER_BASE, must_escape};
use super::{Align, SafeText, safe_lines, wrap};

fn safe(data: &str) -> String {
    SafeText::new(data).as_str().to_owned()
}

#[test]
fn controls_are_shown_not_deleted() {
    assert_eq!(safe("a\x1b[31mred"), "a\\x1b[31mred");
    assert_eq!(safe("a\0b\r\n\tc\x7f"), "a\\x00b\\r\\n\\tc\\x7f");
    assert_eq!(safe("\u{9b}2J"), "\\u{9b}2J");
}

#[test]
fn bidi_zero_width_tags_and_separators_are_shown() {
    assert_eq!(safe("invoice\u{202e}fdp.exe"), "invoice\\u{202e}fdp.exe");
    assert_eq!(safe("a\u{2066}b\u{2069}"), "a\\u{2066}b\\u{2069}");
    assert_eq!(safe("ad\u{200b}min"), "ad\\u{200b}min");
    assert_eq!(safe("x\u{e0041}\u{2028}y"), "x\\u{e0041}\\u{2028}y");
    assert_eq!(safe("\u{feff}id"), "\\u{feff}id");
    assert_eq!(safe("a\u{a0}b"), "a\\u{a0}b");
    assert_eq!(safe("👩\u{200d}💻"), "👩\\u{200d}💻");
}

#[test]
fn honest_text_stays() {
    for text in [
        "Grüße",
        "Нева",
        "東京",
        "नमस्ते",
        "e\u{301}te\u{301}",
        "👍🏽",
        "🇩🇪",
        "שָׁלוֹם",
    ] {
        assert_eq!(safe(text), text);
        assert!(!SafeText::new(text).has_escapes());
    }
}

#[test]
fn width_counts_columns() {
    assert_eq!(SafeText::new("abc").width(), 3);
    assert_eq!(SafeText::new("東京").width(), 4);
    assert_eq!(SafeText::new("e\u{301}").width(), 1);
    assert_eq!(SafeText::new("👍🏽").width(), 2);
}

#[test]
fn floods_of_marks_are_counted() {
    let flood = format!("z{}a", "\u{301}".repeat(40));
    assert_eq!(
        safe(&flood),
        format!("z{}\\u{{+36}}a", "\u{301}".repeat(MARKS_PER_BASE))
    );
    assert!(safe("\u{301}x").starts_with("\\u{301}"));
}

#[test]
fn a_long_flood_is_cut_without_being_read_to_its_end() {
    let flood = format!("z{}", "\u{301}".repeat(5_000_000));
    let shown = SafeText::bounded(&flood, 10);
    assert!(shown.width() <= 10);
    assert!(shown.as_str().ends_with('…'));
}

#[test]
fn truncation_marks_the_cut() {
    assert_eq!(SafeText::new("abcdef").truncated(4).as_str(), "abc…");
    assert_eq!(SafeText::new("abcd").truncated(4).as_str(), "abcd");
    assert_eq!(SafeText::new("東京都").truncated(4).as_str(), "東…");
    assert_eq!(SafeText::new("abc").truncated(0).as_str(), "");
    assert_eq!(SafeText::bounded("abcdef", 4).as_str(), "abc…");
    assert_eq!(SafeText::bounded("abcdef", 1).as_str(), "…");
    assert_eq!(
        SafeText::bounded("ab\u{202e}f", 40).as_str(),
        "ab\\u{202e}f"
    );
}

#[test]
fn slices_keep_their_columns() {
    let text = SafeText::new("ab東cd");
    assert_eq!(text.slice(0..3).as_str(), "ab ");
    assert_eq!(text.slice(3..6).as_str(), " cd");
    assert_eq!(text.slice(2..4).as_str(), "東");
    assert_eq!(text.slice(9..12).as_str(), "");
}

#[test]
fn alignment_fills_the_field() {
    let at = |align| SafeText::new("ab").aligned(5, align).as_str().to_owned();
    assert_eq!(at(Align::Left), "ab   ");
    assert_eq!(at(Align::Right), "   ab");
    assert_eq!(at(Align::Center), " ab  ");
}

#[test]
fn an_escape_is_told_from_a_text_that_spells_one() {
    let spelled = SafeText::new("\\x1b");
    assert_eq!(spelled.pieces().collect::<Vec<_>>(), [("\\x1b", false)]);
    let real = SafeText::new("a\x1bb").aligned(8, Align::Right);
    assert_eq!(
        real.pieces().collect::<Vec<_>>(),
        [("  a", false), ("\\x1b", true), ("b", false)]
    );
    assert_eq!(
        real.slice(4..7).pieces().collect::<Vec<_>>(),
        [("x1b", true)]
    );
}

#[test]
fn drawing_stays_inside_and_styles_escapes_apart() {
    let mut buffer = Buffer::empty(Rect::new(0, 0, 6, 1));
    let escape = Style::new().add_modifier(Modifier::REVERSED);
    let used = SafeText::new("a\x07bcdef").draw(&mut buffer, (0, 0), 20, Style::new(), escape);
    assert_eq!(used, 6);
    assert_eq!(buffer[(0, 0)].symbol(), "a");
    assert_eq!(buffer[(1, 0)].symbol(), "\\");
    assert!(buffer[(1, 0)].modifier.contains(Modifier::REVERSED));
    assert!(!buffer[(5, 0)].modifier.contains(Modifier::REVERSED));
    assert_eq!(
        SafeText::new("x").draw(&mut buffer, (0, 1), 5, Style::new(), escape),
        0
    );
    assert_eq!(
        SafeText::new("x").draw(&mut buffer, (6, 0), 5, Style::new(), escape),
        0
    );
}

#[test]
#[allow(
    clippy::single_range_in_vec_init,
    reason = "one place was found, and that is the point"
)]
fn finding_tells_columns() {
    let text = SafeText::new("GetObject für getobject\x07");
    assert_eq!(text.find("getOBJECT"), [0..9, 14..23]);
    assert_eq!(text.find("für"), [10..13]);
    assert_eq!(text.find("\x07"), [23..27]);
    assert!(text.find("").is_empty());
    assert_eq!(SafeText::new("東京").find("京"), [2..4]);
}

#[test]
fn lines_and_tabs_are_layout() {
    let lines: Vec<_> = safe_lines("SELECT\r\n\ta,\u{202e}b\n").collect();
    let texts: Vec<_> = lines.iter().map(SafeText::as_str).collect();
    assert_eq!(texts, ["SELECT", "    a,\\u{202e}b", ""]);
}

#[test]
fn wrapping_breaks_between_words() {
    let wrapped = |text: &str, columns| -> Vec<String> {
        let text = SafeText::new(text).into_owned();
        wrap(&text, columns)
            .iter()
            .map(ToString::to_string)
            .collect()
    };
    assert_eq!(
        wrapped("revoke the leaked key", 10),
        ["revoke the", "leaked key"]
    );
    assert_eq!(wrapped("abcdefgh ij", 4), ["abcd", "efgh", "ij"]);
    assert_eq!(wrapped("", 4), [""]);
    assert!(wrapped("abc", 0).is_empty());
}

/// Texts that an attacker would choose: any character, and the awkward ones often.
fn hostile() -> impl Strategy<Value = String> {
    let awkward = prop::sample::select(vec![
        "\x1b[2J",
        "\0",
        "\r\n",
        "\t",
        "\u{202e}",
        "\u{2066}",
        "\u{200b}",
        "\u{200d}",
        "\u{fe0f}",
        "\u{e0041}",
        "\u{2028}",
        "\u{301}",
        "\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}",
        "東",
        "👩",
        "🇩",
        "ก็",
        "한",
        "\u{1161}",
        "\u{ff9e}",
        "a",
        " ",
        "ا",
        "क्षि",
        "\u{903}",
    ]);
    let piece = prop_oneof![
        awkward.prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
        "[ -~]{0,6}",
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// What must hold for anything that reaches a screen.
fn assert_safe(text: &SafeText<'_>) {
    let mut sum = 0;
    for cluster in text.as_str().graphemes(true) {
        let width = usize::from(cluster.cell_width());
        assert!(width > 0, "{cluster:?} would be dropped");
        let marks = cluster.chars().filter(|c| c.to_string().width_of() == 0);
        assert!(marks.count() <= MARKS_PER_BASE, "{cluster:?}");
        sum += width;
    }
    assert_eq!(sum, text.width(), "{text:?}");
    assert!(!text.as_str().chars().any(must_escape), "{text:?}");
}

trait WidthOf {
    fn width_of(&self) -> u16;
}

impl WidthOf for String {
    fn width_of(&self) -> u16 {
        self.cell_width()
    }
}

proptest! {
    #[test]
    fn nothing_dangerous_comes_out(data in hostile()) {
        assert_safe(&SafeText::new(&data));
    }

    #[test]
    fn the_width_bound_holds(data in hostile(), columns in 0_usize..40) {
        let bounded = SafeText::bounded(&data, columns);
        assert_safe(&bounded);
        prop_assert!(bounded.width() <= columns);
        let cut = SafeText::new(&data).truncated(columns);
        assert_safe(&cut);
        prop_assert!(cut.width() <= columns);
        let aligned = SafeText::new(&data).aligned(columns, Align::Right);
        assert_safe(&aligned);
        prop_assert_eq!(aligned.width(), columns);
    }

    #[test]
    fn slices_are_safe_and_exact(data in hostile(), from in 0_usize..40, columns in 0_usize..40) {
        let text = SafeText::new(&data);
        let slice = text.slice(from..from + columns);
        assert_safe(&slice);
        prop_assert_eq!(slice.width(), text.width().saturating_sub(from).min(columns));
    }

    #[test]
    fn wrapped_lines_fit(data in hostile(), columns in 2_usize..30) {
        for line in wrap(&SafeText::new(&data), columns) {
            assert_safe(&line);
            prop_assert!(line.width() <= columns);
        }
    }

    #[test]
    fn printable_text_is_unchanged(data in "[ -~]{0,60}") {
        prop_assert_eq!(safe(&data), data);
    }

    #[test]
    fn drawing_never_leaves_the_buffer(
        data in hostile(), width in 0_u16..20, x in 0_u16..24, y in 0_u16..3, columns in 0_u16..30,
    ) {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, 2));
        let used = SafeText::new(&data)
            .draw(&mut buffer, (x, y), columns, Style::new(), Style::new());
        prop_assert!(used <= columns);
    }
}
