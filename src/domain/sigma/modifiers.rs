//! What stands after a field's name: `field|base64offset|contains`.

use super::pattern::Pattern;
use super::yaml::{Node, Value};
use super::{Order, Place, Placeholders, Test, TimePart};

/// Signs that programs of Windows take in place of a dash.
const DASHES: [char; 5] = ['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'];

/// Forms that the values of one field may be spread into.
const MOST_FORMS: usize = 20_000;

/// The modifiers of a field, read.
#[derive(Debug, Default)]
pub(super) struct Modifiers {
    place: Option<Place>,
    pub(super) all: bool,
    cased: bool,
    negated: bool,
    windash: bool,
    wide: Option<Wide>,
    base64: Option<Base64>,
    exists: bool,
    field: bool,
    network: bool,
    order: Option<Order>,
    regex: Option<String>,
    part: Option<TimePart>,
    expanded: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Wide {
    Little,
    Big,
    Marked,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Base64 {
    Whole,
    Offsets,
}

impl Modifiers {
    pub(super) fn parse(names: &[&str]) -> Result<Self, String> {
        let mut read = Self::default();
        for (at, name) in names.iter().enumerate() {
            match *name {
                "contains" => read.place = Some(Place::Inside),
                "startswith" => read.place = Some(Place::Start),
                "endswith" => read.place = Some(Place::End),
                "all" => read.all = true,
                "cased" => read.cased = true,
                "neq" => read.negated = true,
                "windash" => read.windash = true,
                "wide" | "utf16le" => read.wide = Some(Wide::Little),
                "utf16be" => read.wide = Some(Wide::Big),
                "utf16" => read.wide = Some(Wide::Marked),
                "base64" => read.base64 = Some(Base64::Whole),
                "base64offset" => read.base64 = Some(Base64::Offsets),
                "exists" => read.exists = true,
                "fieldref" => read.field = true,
                "cidr" => read.network = true,
                "gt" => read.order = Some(Order::Greater),
                "gte" => read.order = Some(Order::GreaterOrEqual),
                "lt" => read.order = Some(Order::Less),
                "lte" => read.order = Some(Order::LessOrEqual),
                "re" => read.regex = Some(String::new()),
                "i" | "ignorecase" | "m" | "multiline" | "s" | "dotall" => {
                    let flags = read
                        .regex
                        .as_mut()
                        .ok_or_else(|| format!("`{name}` stands without a `re` before it"))?;
                    flags.extend(name.chars().next());
                    // `dotall` is the flag `s`.
                    if *name == "dotall" {
                        flags.pop();
                        flags.push('s');
                    }
                }
                "expand" => read.expanded = true,
                other => {
                    let mut parts = TimePart::ALL.into_iter();
                    let part = parts.find(|part| part.name() == other);
                    read.part = Some(part.ok_or_else(|| {
                        format!("the modifier `{other}` (number {}) is not known", at + 1)
                    })?);
                }
            }
        }
        if read.wide.is_some() && read.base64.is_none() {
            return Err("texts of two-byte characters have a meaning under base64 only".to_owned());
        }
        let kinds = [
            read.place.is_some() && !read.field,
            read.exists,
            read.network,
            read.order.is_some() || read.part.is_some(),
            read.regex.is_some(),
        ];
        match kinds.into_iter().filter(|is| *is).count() {
            0 | 1 => Ok(read),
            _ => Err("two of its modifiers say different things of the value".to_owned()),
        }
    }

    /// What is asked of the field for one value: any of these.
    pub(super) fn tests(
        &self,
        value: &Node,
        placeholders: &Placeholders,
    ) -> Result<Vec<Test>, String> {
        let tests = match (self.expanded, &value.value) {
            (true, Value::Text(text)) => {
                let forms = placeholders.expanded(text)?.into_iter();
                let tests = forms.map(|form| {
                    self.plain_tests(&Node {
                        line: value.line,
                        value: Value::Text(form),
                    })
                });
                let tests: Result<Vec<Vec<Test>>, String> = tests.collect();
                tests?.into_iter().flatten().collect()
            }
            _ => self.plain_tests(value)?,
        };
        Ok(match self.negated {
            true => tests
                .into_iter()
                .map(|test| Test::Not(Box::new(test)))
                .collect(),
            false => tests,
        })
    }

    fn plain_tests(&self, value: &Node) -> Result<Vec<Test>, String> {
        if self.exists {
            return match value.value {
                Value::Bool(exists) => Ok(vec![Test::Exists(exists)]),
                _ => Err("`exists` takes true or false".to_owned()),
            };
        }
        let text = || {
            value
                .text()
                .ok_or_else(|| "a value is neither a text nor a number".to_owned())
        };
        if self.field {
            return Ok(vec![Test::Field {
                name: text()?,
                place: self.place.unwrap_or(Place::Whole),
                cased: self.cased,
            }]);
        }
        if let Some(flags) = &self.regex {
            let pattern = text()?;
            let pattern = match flags.is_empty() {
                true => pattern,
                false => format!("(?{flags}){pattern}"),
            };
            regex::Regex::new(&pattern).map_err(|_| {
                format!("`{pattern}` is no regular expression that can be run here")
            })?;
            return Ok(vec![Test::Regex(pattern)]);
        }
        if self.network {
            let network = text()?;
            return match is_network(&network) {
                true => Ok(vec![Test::Network(network)]),
                false => Err(format!("`{network}` is no network such as 10.0.0.0/8")),
            };
        }
        if let Some(part) = self.part {
            let number = text()?;
            let order = self.order.unwrap_or(Order::Equal);
            return match is_number(&number) && !number.contains('.') {
                true => Ok(vec![Test::Part(part, order, number)]),
                false => Err(format!("`{number}` is no whole number to compare with")),
            };
        }
        if let Some(order) = self.order {
            let number = text()?;
            return match is_number(&number) {
                true => Ok(vec![Test::Order(order, number)]),
                false => Err(format!("`{number}` is no number to compare with")),
            };
        }
        let shaped = self.place.is_some() || self.base64.is_some() || self.windash;
        match &value.value {
            Value::Null => Ok(vec![Test::Null]),
            Value::Bool(value) if !shaped => Ok(vec![Test::Bool(*value)]),
            Value::Number(number) if !shaped && is_number(number) => {
                Ok(vec![Test::Number(number.clone())])
            }
            _ => self.texts(&text()?),
        }
    }

    fn texts(&self, value: &str) -> Result<Vec<Test>, String> {
        let mut patterns = vec![Pattern::parse(value)];
        if self.windash {
            patterns = dashed(value)
                .iter()
                .map(|form| Pattern::parse(form))
                .collect();
        }
        if let Some(kind) = self.base64 {
            let mut coded = Vec::new();
            for pattern in &patterns {
                let plain = pattern
                    .plain()
                    .ok_or_else(|| "a value with wildcards cannot be put in base64".to_owned())?;
                let bytes = self.bytes(plain);
                match kind {
                    Base64::Whole => coded.push(Pattern::exact(&base64(&bytes, true))),
                    Base64::Offsets => {
                        coded.extend(offsets(&bytes).map(|form| Pattern::exact(&form)))
                    }
                }
            }
            patterns = coded;
        }
        if patterns.len() > MOST_FORMS {
            return Err("its values have too many forms".to_owned());
        }
        let (before, after) = match self.place {
            None | Some(Place::Whole) => (false, false),
            Some(Place::Inside) => (true, true),
            Some(Place::Start) => (false, true),
            Some(Place::End) => (true, false),
        };
        // In base64 the case of a letter is part of what it says.
        let cased = self.cased || self.base64.is_some();
        let test = |pattern: Pattern| Test::Text {
            pattern: pattern.open(before, after),
            cased,
        };
        Ok(patterns.into_iter().map(test).collect())
    }

    fn bytes(&self, text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self.wide {
            None => bytes.extend_from_slice(text.as_bytes()),
            Some(Wide::Big) => bytes.extend(text.encode_utf16().flat_map(u16::to_be_bytes)),
            Some(kind) => {
                if kind == Wide::Marked {
                    bytes.extend([0xff, 0xfe]);
                }
                bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
            }
        }
        bytes
    }
}

/// A value with each of its options' dashes as any of the signs.
fn dashed(value: &str) -> Vec<String> {
    let begins = |at: usize| {
        at == 0
            || value
                .get(..at)
                .is_some_and(|before| before.ends_with(char::is_whitespace))
    };
    let places: Vec<usize> = value
        .char_indices()
        .filter(|(at, c)| DASHES.contains(c) && begins(*at))
        .map(|(at, _)| at)
        .take(4)
        .collect();
    let mut forms = vec![String::new()];
    for (at, c) in value.char_indices() {
        if places.contains(&at) {
            forms = forms
                .iter()
                .flat_map(|form| DASHES.map(|dash| format!("{form}{dash}")))
                .collect();
        } else {
            forms.iter_mut().for_each(|form| form.push(c));
        }
    }
    forms
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64(bytes: &[u8], padded: bool) -> String {
    let mut coded = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let index = (bits >> (18 - 6 * place)) & 63;
            match ALPHABET.get(index as usize) {
                Some(letter) if place <= chunk.len() => coded.push(char::from(*letter)),
                _ if padded => coded.push('='),
                _ => {}
            }
        }
    }
    coded
}

/// What of a text in base64 is the same whatever stands before and after it, for each of the three
/// places that it may begin at.
fn offsets(bytes: &[u8]) -> impl Iterator<Item = String> {
    (0..3_usize).map(move |offset| {
        let mut shifted = vec![b' '; offset];
        shifted.extend_from_slice(bytes);
        let coded = base64(&shifted, false);
        let start = [0, 2, 3].get(offset).copied().unwrap_or_default();
        // The last letter that holds bits of what comes next.
        let end = match shifted.len() % 3 {
            0 => coded.len(),
            _ => coded.len().saturating_sub(1),
        };
        coded.get(start..end).unwrap_or_default().to_owned()
    })
}

fn is_network(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else {
        return text.parse::<std::net::IpAddr>().is_ok();
    };
    let Ok(bits) = bits.parse::<u8>() else {
        return false;
    };
    match address.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(_)) => bits <= 32,
        Ok(std::net::IpAddr::V6(_)) => bits <= 128,
        Err(_) => false,
    }
}

/// Whether a text is a number that means the same in SQL.
pub(super) fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let mut parts = digits.splitn(2, '.');
    let all_digits = |part: &str| {
        !part.is_empty() && part.len() <= 18 && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    parts.next().is_some_and(all_digits) && parts.next().is_none_or(all_digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_in_base64_is_found_at_any_place() {
        assert_eq!(
            base64(b"any carnal pleas", true),
            "YW55IGNhcm5hbCBwbGVhcw=="
        );
        for before in ["", "x", "xy", "xyz"] {
            for after in ["", "z", "zz"] {
                let text = format!("{before}/bin/sh{after}");
                let coded = base64(text.as_bytes(), true);
                let found = offsets(b"/bin/sh").any(|form| coded.contains(&form));
                assert!(found, "{text}: {coded}");
            }
        }
        assert!(!offsets(b"/bin/sh").any(|form| base64(b"/bin/bash", true).contains(&form)));
    }

    #[test]
    fn dashes_of_options_have_five_forms() {
        assert_eq!(dashed("-a b-c").len(), 5);
        assert_eq!(dashed(" -f -g").len(), 25);
        assert!(dashed("-a").contains(&"/a".to_owned()));
    }

    #[test]
    fn numbers_are_what_sql_reads_as_numbers() {
        for number in ["0", "-12", "3.25"] {
            assert!(is_number(number), "{number}");
        }
        for other in ["", "-", "1e9", "1.", "0x10", "1;", "9999999999999999999"] {
            assert!(!is_number(other), "{other}");
        }
    }
}
