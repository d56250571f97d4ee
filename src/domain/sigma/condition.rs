//! The condition of a rule: `selection and not 1 of filter_*`.

use super::Condition;

/// Brackets and `not` inside each other.
const DEEPEST: usize = 64;

/// Reads a condition over searches with these names.
pub(super) fn parse(text: &str, names: &[String]) -> Result<Condition, String> {
    let tokens = tokens(text)?;
    let mut reader = Reader {
        tokens: &tokens,
        at: 0,
        names,
    };
    let condition = reader.any(0)?;
    match reader.peek() {
        None => Ok(condition),
        Some(token) => Err(format!(
            "the condition goes on with `{token}` where it should end"
        )),
    }
}

fn tokens(text: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let mut word = String::new();
    for c in text.chars() {
        if c == '|' {
            return Err(
                "the condition counts after a `|`, where searches can only be combined".to_owned(),
            );
        }
        if c.is_whitespace() || c == '(' || c == ')' {
            if !word.is_empty() {
                found.push(std::mem::take(&mut word));
            }
            if !c.is_whitespace() {
                found.push(c.to_string());
            }
        } else {
            word.push(c);
        }
    }
    if !word.is_empty() {
        found.push(word);
    }
    Ok(found)
}

struct Reader<'a> {
    tokens: &'a [String],
    at: usize,
    names: &'a [String],
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.tokens.get(self.at).map(String::as_str)
    }

    fn next(&mut self) -> Option<&'a str> {
        let token = self.peek()?;
        self.at += 1;
        Some(token)
    }

    fn accept(&mut self, word: &str) -> bool {
        let fits = self
            .peek()
            .is_some_and(|token| token.eq_ignore_ascii_case(word));
        self.at += usize::from(fits);
        fits
    }

    fn any(&mut self, depth: usize) -> Result<Condition, String> {
        let mut parts = vec![self.all(depth)?];
        while self.accept("or") {
            parts.push(self.all(depth)?);
        }
        Ok(one_or(parts, Condition::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Condition, String> {
        let mut parts = vec![self.not(depth)?];
        while self.accept("and") {
            parts.push(self.not(depth)?);
        }
        Ok(one_or(parts, Condition::All))
    }

    fn not(&mut self, depth: usize) -> Result<Condition, String> {
        if depth > DEEPEST {
            return Err("the condition nests too deep".to_owned());
        }
        if self.accept("not") {
            return Ok(Condition::Not(Box::new(self.not(depth + 1)?)));
        }
        if self.accept("(") {
            let inside = self.any(depth + 1)?;
            return match self.accept(")") {
                true => Ok(inside),
                false => Err("a bracket of the condition is not closed".to_owned()),
            };
        }
        self.operand()
    }

    fn operand(&mut self) -> Result<Condition, String> {
        let Some(word) = self.next() else {
            return Err("the condition ends where a search should be named".to_owned());
        };
        let of = self
            .peek()
            .is_some_and(|next| next.eq_ignore_ascii_case("of"));
        if of && !self.names.iter().any(|name| name == word) {
            self.at += 1;
            return self.quantified(word);
        }
        let place = self.names.iter().position(|name| name == word);
        place.map(Condition::Search).ok_or_else(|| {
            format!("the condition names the search `{word}`, which the rule does not have")
        })
    }

    fn quantified(&mut self, count: &str) -> Result<Condition, String> {
        let all = match count.to_ascii_lowercase().as_str() {
            "all" => true,
            "1" | "any" => false,
            _ => return Err(format!("`{count} of` is neither `1 of` nor `all of`")),
        };
        let target = self
            .next()
            .ok_or_else(|| format!("the condition ends after `{count} of`"))?;
        let meant = |name: &str| match target.eq_ignore_ascii_case("them") {
            // Names that begin with an underscore are meant for no one but themselves.
            true => !name.starts_with('_'),
            false => fits(target, name),
        };
        let parts: Vec<Condition> = self
            .names
            .iter()
            .enumerate()
            .filter(|(_, name)| meant(name))
            .map(|(place, _)| Condition::Search(place))
            .collect();
        if parts.is_empty() {
            return Err(format!("`{count} of {target}` means no search of the rule"));
        }
        Ok(match all {
            true => one_or(parts, Condition::All),
            false => one_or(parts, Condition::Any),
        })
    }
}

fn one_or(mut parts: Vec<Condition>, many: fn(Vec<Condition>) -> Condition) -> Condition {
    match parts.len() {
        1 => parts.remove(0),
        _ => many(parts),
    }
}

/// Whether a name fits a pattern with `*`.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|start| name.strip_prefix(start)) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}
