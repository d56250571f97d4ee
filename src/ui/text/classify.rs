//! Which characters may stand on a screen as they are.

/// Zero-width marks that one base may carry. Vietnamese needs two, pointed Hebrew three or four.
pub(super) const MARKS_PER_BASE: usize = 4;

/// Characters after the first that one cluster may have, marks and spacing signs together.
pub(super) const FOLLOWERS_PER_CLUSTER: usize = 8;

/// Whether a character must be shown as an escape: it draws nothing, draws something that looks
/// like nothing, or changes how others are drawn.
pub(super) fn must_escape(c: char) -> bool {
    match c {
        ' '..='~' => false,
        '\0'..='\u{9f}' => true,
        _ => is_ignorable(c) || is_format(c) || is_blank(c) || is_private(c) || is_noncharacter(c),
    }
}

/// Default-ignorable code points: invisible by definition. Among them are the bidi controls, the
/// zero-width joiners, variation selectors and the tag characters.
fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The rest of the general category Cf: signs that govern the characters beside them.
fn is_format(c: char) -> bool {
    matches!(c,
        '\u{600}'..='\u{605}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
        | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1345f}')
}

/// White space that is not U+0020, and the empty Braille cell: a space that is none.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{2800}'
}

fn is_private(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}')
}

fn is_noncharacter(c: char) -> bool {
    let code = u32::from(c);
    code & 0xfffe == 0xfffe || (0xfdd0..=0xfdef).contains(&code)
}

/// Whether every byte is a printable ASCII character: one byte, one column, nothing to do.
pub(super) fn is_plain_ascii(data: &[u8]) -> bool {
    data.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Writes a character as an escape.
pub(super) fn push_escape(out: &mut String, c: char) {
    use std::fmt::Write as _;
    // Writing into a String cannot fail.
    let _ = match c {
        '\n' => out.write_str("\\n"),
        '\r' => out.write_str("\\r"),
        '\t' => out.write_str("\\t"),
        '\0'..='\x7f' => write!(out, "\\x{:02x}", u32::from(c)),
        _ => write!(out, "\\u{{{:x}}}", u32::from(c)),
    };
}
