//! Parts of URLs. A text that is no URI gives NULL; a part that it lacks gives an empty text.

use std::sync::LazyLock;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};
use regex::Regex;

use super::kernel::Param::Text;
use super::kernel::{Call, Family, Function};

/// RFC 3986, appendix B.
static URI: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$").ok()
});

fn url(
    name: &'static str,
    signature: &'static str,
    purpose: &'static str,
    eval: fn(&Call<'_>) -> Result<ArrayRef>,
) -> Function {
    Function::new(Family::Url, name, signature, purpose).takes(&[Text], DataType::Utf8, eval)
}

pub(super) fn functions() -> Vec<Function> {
    vec![
        url(
            "url_extract_protocol",
            "url_extract_protocol(url)",
            "The scheme, such as `https`",
            |call| part(call, |uri| Some(uri.scheme.to_owned())),
        ),
        url(
            "url_extract_host",
            "url_extract_host(url)",
            "The host",
            |call| part(call, |uri| Some(uri.host.to_owned())),
        ),
        Function::new(
            Family::Url,
            "url_extract_port",
            "url_extract_port(url)",
            "The port, NULL where none is written",
        )
        .takes(&[Text], DataType::Int64, |call| {
            let url = call.texts(0)?;
            call.to_ints(|row| Ok(Uri::parse(url.at(row)).and_then(|uri| uri.port)))
        }),
        url(
            "url_extract_path",
            "url_extract_path(url)",
            "The path, decoded",
            |call| part(call, |uri| percent_decode(uri.path, false)),
        ),
        url(
            "url_extract_query",
            "url_extract_query(url)",
            "The query, decoded",
            |call| {
                part(call, |uri| {
                    percent_decode(uri.query.unwrap_or_default(), false)
                })
            },
        ),
        url(
            "url_extract_fragment",
            "url_extract_fragment(url)",
            "What follows the `#`, decoded",
            |call| part(call, |uri| percent_decode(uri.fragment, false)),
        ),
        Function::new(
            Family::Url,
            "url_extract_parameter",
            "url_extract_parameter(url, name)",
            "The value of the first query parameter of that name; NULL where there is none",
        )
        .takes(&[Text, Text], DataType::Utf8, |call| {
            let (url, name) = (call.texts(0)?, call.texts(1)?);
            call.to_texts(|row| {
                Ok(Uri::parse(url.at(row)).and_then(|uri| uri.parameter(name.at(row))))
            })
        }),
        url(
            "url_encode",
            "url_encode(text)",
            "The text as a query parameter's value",
            |call| {
                let text = call.texts(0)?;
                call.to_texts(|row| Ok(Some(encode(text.at(row)))))
            },
        ),
        url(
            "url_decode",
            "url_decode(text)",
            "The text of a query parameter's value",
            |call| {
                let text = call.texts(0)?;
                call.to_texts(|row| match percent_decode(text.at(row), true) {
                    Some(decoded) => Ok(Some(decoded)),
                    None => exec_err!("url_decode: an escape is not % and two hexadecimal digits"),
                })
            },
        ),
    ]
}

fn part(call: &Call<'_>, part: fn(&Uri<'_>) -> Option<String>) -> Result<ArrayRef> {
    let url = call.texts(0)?;
    call.to_texts(|row| Ok(Uri::parse(url.at(row)).and_then(|uri| part(&uri))))
}

struct Uri<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<i64>,
    path: &'a str,
    query: Option<&'a str>,
    fragment: &'a str,
}

impl<'a> Uri<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let illegal = |c: char| c.is_ascii_control() || " <>\"{}|\\^`".contains(c);
        if text.contains(illegal) || percent_decode(text, false).is_none() {
            return None;
        }
        let parts = URI.as_ref()?.captures(text)?;
        let get = |group| parts.get(group).map(|found| found.as_str());
        let authority = get(2).unwrap_or_default();
        let server = authority
            .rsplit_once('@')
            .map_or(authority, |(_, server)| server);
        // The colons of an IPv6 address stand in brackets.
        let (host, port) = match server.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.parse().ok()),
            _ => (server, None),
        };
        Some(Self {
            scheme: get(1).unwrap_or_default(),
            host,
            port,
            path: get(3).unwrap_or_default(),
            query: get(4),
            fragment: get(5).unwrap_or_default(),
        })
    }

    fn parameter(&self, name: &str) -> Option<String> {
        let query = percent_decode(self.query?, false)?;
        query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (key == name).then(|| value.to_owned())
        })
    }
}

fn percent_decode(text: &str, plus_is_space: bool) -> Option<String> {
    if !text.contains(['%', '+']) {
        return Some(text.to_owned());
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let high = char::from(bytes.next()?).to_digit(16)?;
                let low = char::from(bytes.next()?).to_digit(16)?;
                decoded.push(u8::try_from(high * 16 + low).ok()?);
            }
            b'+' if plus_is_space => decoded.push(b' '),
            other => decoded.push(other),
        }
    }
    Some(String::from_utf8_lossy(&decoded).into_owned())
}

fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => {
                encoded.push(char::from(byte));
            }
            b' ' => encoded.push('+'),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{fails, gives};
    use super::*;

    #[test]
    fn parts_of_a_url() {
        let url = "'https://u@Example.com:8443/a%20b/c?x=1&y=%26z&flag#top'";
        gives(&format!("url_extract_protocol({url})"), "https");
        gives(&format!("url_extract_host({url})"), "Example.com");
        gives(&format!("url_extract_port({url})"), "8443");
        gives(&format!("url_extract_path({url})"), "/a b/c");
        gives(&format!("url_extract_query({url})"), "x=1&y=&z&flag");
        gives(&format!("url_extract_fragment({url})"), "top");
        gives(&format!("url_extract_parameter({url}, 'x')"), "1");
        gives(&format!("url_extract_parameter({url}, 'flag')"), "");
        gives(&format!("url_extract_parameter({url}, 'none')"), "NULL");
        gives("url_extract_host('not a url')", "NULL");
        gives("url_extract_host('/just/a/path')", "");
        gives("url_extract_port('http://[::1]/')", "NULL");
    }

    #[test]
    fn encoding() {
        gives("url_encode('a b&ä')", "a+b%26%C3%A4");
        gives("url_decode('a+b%26%C3%A4')", "a b&ä");
        fails("url_decode('%zz')", "hexadecimal");
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes(text in ".*") {
            prop_assert_eq!(percent_decode(&encode(&text), true), Some(text));
        }

        #[test]
        fn any_text_is_parsed_without_panic(text in ".*") {
            if let Some(uri) = Uri::parse(&text) {
                prop_assert!(uri.host.len() <= text.len());
                let _ = uri.parameter("a");
            }
        }
    }
}
