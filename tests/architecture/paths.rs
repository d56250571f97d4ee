//! Finds the paths (`a::b::c`, `use a::{b, c::d}`) in Rust text without reading it as Rust: comments
//! and literals are blanked out, the test module at the end of a file is left out, and `{…}` behind
//! `::` is spread out.

/// Every path of at least two parts, with its line.
pub(crate) fn paths_in(text: &str) -> Vec<(usize, Vec<String>)> {
    let code = code_of(text);
    let tokens = tokens(&code);
    let mut paths = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let starts_path = is_name(tokens[at].1)
            && tokens.get(at + 1).is_some_and(|token| token.1 == "::")
            && !(at > 0 && tokens[at - 1].1 == "::");
        if starts_path {
            let mut ends = Vec::new();
            let line = tokens[at].0;
            at = spread(&tokens, at, &mut Vec::new(), &mut ends);
            paths.extend(ends.into_iter().map(|path| (line, path)));
        } else {
            at += 1;
        }
    }
    paths
}

/// Every name that could be a crate: the first part of a path, the one name of `use name`, the
/// name of a macro, an attribute or a derive.
pub(crate) fn roots_in(text: &str) -> Vec<String> {
    let code = without_literals(text);
    tokens(&code)
        .windows(2)
        .filter(|pair| is_name(pair[0].1) && pair[1].1 == "::" || pair[0].1 == "use")
        .map(|pair| {
            if pair[0].1 == "use" {
                pair[1].1
            } else {
                pair[0].1
            }
        })
        .map(str::to_owned)
        .collect()
}

/// Reads the path that begins at a token, spreads out its groups into `ends`, and gives the place
/// behind it.
fn spread(
    tokens: &[(usize, &str)],
    mut at: usize,
    prefix: &mut Vec<String>,
    ends: &mut Vec<Vec<String>>,
) -> usize {
    let depth = prefix.len();
    while let Some((_, token)) = tokens.get(at) {
        if *token == "{" {
            at += 1;
            while tokens.get(at).is_some_and(|(_, token)| *token != "}") {
                if tokens[at].1 == "," {
                    at += 1;
                } else {
                    at = spread(tokens, at, prefix, ends);
                }
            }
            prefix.truncate(depth);
            return at + 1;
        }
        prefix.push((*token).to_owned());
        at += 1;
        if tokens.get(at).is_some_and(|(_, token)| *token == "::") {
            at += 1;
            continue;
        }
        if tokens.get(at).is_some_and(|(_, token)| *token == "as") {
            at += 2;
        }
        break;
    }
    if prefix.last().is_some_and(|last| last == "self") {
        prefix.pop();
    }
    ends.push(prefix.clone());
    prefix.truncate(depth);
    at
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Names, `::`, and every other character by itself, each with its line.
fn tokens(code: &str) -> Vec<(usize, &str)> {
    let mut tokens = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let length = if first.is_alphanumeric() || first == '_' {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_')
                    .unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            let (token, behind) = rest.split_at(length);
            tokens.push((number + 1, token));
            rest = behind.trim_start();
        }
    }
    tokens
}

/// The code without literals, and without the test module with which a file ends.
fn code_of(text: &str) -> String {
    let mut code = without_literals(text);
    if let Some(tests) = code.find("#[cfg(test)]\nmod tests {") {
        code.truncate(tests);
    }
    code
}

/// The text with comments, strings and character literals blanked out; lines keep their places.
fn without_literals(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = literal_length(rest, code.chars().next_back());
        let (taken, behind) = rest.split_at(length.unwrap_or(first.len_utf8()));
        if length.is_some() {
            code.extend(taken.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        } else {
            code.push_str(taken);
        }
        rest = behind;
    }
    code
}

/// The length of the comment or literal with which the text begins.
fn literal_length(text: &str, before: Option<char>) -> Option<usize> {
    let inside_name = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return Some(text.find("*/").map_or(text.len(), |end| end + 2));
    }
    if !inside_name {
        let raw = text.strip_prefix("br").or_else(|| text.strip_prefix('r'));
        if let Some(behind) = raw {
            let hashes = behind.chars().take_while(|c| *c == '#').count();
            if behind[hashes..].starts_with('"') {
                let start = text.len() - behind.len() + hashes + 1;
                let close = format!("\"{}", "#".repeat(hashes));
                let end = text[start..].find(&close);
                return Some(end.map_or(text.len(), |end| start + end + close.len()));
            }
        }
    }
    if text.starts_with('"') {
        return Some(quoted_length(text, '"'));
    }
    if text.starts_with('\'') {
        // A lifetime has no closing quote behind its first character.
        let mut inside = text.chars().skip(1);
        let first = inside.next()?;
        if first == '\\' || inside.next() == Some('\'') {
            return Some(quoted_length(text, '\''));
        }
    }
    None
}

fn quoted_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (place, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return place + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}
