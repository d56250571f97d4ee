//! Object keys of a lake:
//! `aws/<SOURCE>/<version>/region=<r>/accountId=<id>/eventDay=<YYYYMMDD>/<file>` and
//! `ext/<name>/[<version>/]region=…/accountId=…/eventDay=…/…`.

use super::{Source, SourceVersion};

/// Where an object of the lake belongs, as its key says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectKey {
    /// The whole key, `/`-separated, without a leading slash.
    pub key: String,
    /// The native source, or `None` for a custom one.
    pub source: Option<Source>,
    /// The source's name as the key spells it (`VPC_FLOW`, or the custom source's name).
    pub source_name: String,
    /// The source version; custom sources may have none.
    pub version: Option<SourceVersion>,
    /// `region=`.
    pub region: Option<String>,
    /// `accountId=`, a string: account ids have leading zeros.
    pub account: Option<String>,
    /// `eventDay=`, `YYYYMMDD` in UTC.
    pub event_day: Option<String>,
}

/// Why a key is not one of a lake's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The key starts neither with `aws/` nor with `ext/`.
    #[error("the key `{0}` is not under `aws/` or `ext/`")]
    ForeignPrefix(String),
    /// The key ends before the source's name or the file.
    #[error("the key `{0}` names no source or no file")]
    Incomplete(String),
}

impl ObjectKey {
    /// A key outside the lake's layout: its text is all that is known.
    pub fn foreign(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            source: None,
            source_name: String::new(),
            version: None,
            region: None,
            account: None,
            event_day: None,
        }
    }

    /// Reads a key; partition names count in any case, unknown partitions are passed over.
    pub fn parse(key: &str) -> Result<Self, KeyError> {
        let mut parts = key.split('/');
        let native = match parts.next() {
            Some("aws") => true,
            Some("ext") => false,
            _ => return Err(KeyError::ForeignPrefix(key.to_owned())),
        };
        let rest: Vec<&str> = parts.collect();
        let [source_name, middle @ .., file] = rest.as_slice() else {
            return Err(KeyError::Incomplete(key.to_owned()));
        };
        if source_name.is_empty() || file.is_empty() {
            return Err(KeyError::Incomplete(key.to_owned()));
        }
        let mut parsed = Self {
            key: key.to_owned(),
            source: if native {
                source_name.parse().ok()
            } else {
                None
            },
            source_name: (*source_name).to_owned(),
            version: None,
            region: None,
            account: None,
            event_day: None,
        };
        for part in middle {
            match part.split_once('=') {
                Some((name, value)) if name.eq_ignore_ascii_case("region") => {
                    parsed.region = Some(value.to_owned());
                }
                Some((name, value)) if name.eq_ignore_ascii_case("accountid") => {
                    parsed.account = Some(value.to_owned());
                }
                Some((name, value)) if name.eq_ignore_ascii_case("eventday") => {
                    parsed.event_day = Some(value.to_owned());
                }
                None if *part == "1.0" => parsed.version = Some(SourceVersion::V1),
                None if *part == "2.0" => parsed.version = Some(SourceVersion::V2),
                _ => {}
            }
        }
        Ok(parsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_native_key_gives_its_partitions() {
        let key = "aws/VPC_FLOW/2.0/region=us-east-1/accountId=012345678901/eventDay=20260102/ab.gz.parquet";
        let parsed = ObjectKey::parse(key).unwrap();
        assert_eq!(parsed.source, Some(Source::VpcFlow));
        assert_eq!(parsed.version, Some(SourceVersion::V2));
        assert_eq!(parsed.account.as_deref(), Some("012345678901"));
        assert_eq!(parsed.event_day.as_deref(), Some("20260102"));
    }

    #[test]
    fn a_custom_key_needs_no_version() {
        let parsed =
            ObjectKey::parse("ext/okta/region=eu-west-1/accountid=1/eventday=20260102/x").unwrap();
        assert_eq!(parsed.source, None);
        assert_eq!(parsed.source_name, "okta");
        assert_eq!(parsed.region.as_deref(), Some("eu-west-1"));
    }

    #[test]
    fn foreign_and_short_keys_are_refused() {
        assert!(matches!(
            ObjectKey::parse("logs/x"),
            Err(KeyError::ForeignPrefix(_))
        ));
        assert!(matches!(
            ObjectKey::parse("aws/WAF"),
            Err(KeyError::Incomplete(_))
        ));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(key in ".{0,200}") {
            if let Ok(parsed) = ObjectKey::parse(&key) {
                prop_assert_eq!(parsed.key, key);
            }
        }
    }
}
