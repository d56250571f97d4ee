//! Marks: what tells things apart by their parts, in few bytes.

use sha2::{Digest as _, Sha256};

/// A mark of these parts. An attacker who chooses names must not be able to make one thing look like
/// another: parts are told apart by their lengths, and one that is not there from one that is empty.
/// Marks lie in files of earlier starts: how they are made stays as it is.
pub fn of_parts<'a>(parts: impl IntoIterator<Item = Option<&'a [u8]>>) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        let length = part.map_or(u64::MAX, |part| part.len() as u64);
        hash.update(length.to_le_bytes());
        hash.update(part.unwrap_or_default());
    }
    let mut mark = [0; 16];
    for (to, from) in mark.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    mark
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart_and_the_mark_stays_what_it_was() {
        let of =
            |parts: &[Option<&str>]| of_parts(parts.iter().map(|part| part.map(str::as_bytes)));
        let all = [
            of(&[Some("ab"), Some("c")]),
            of(&[Some("a"), Some("bc")]),
            of(&[Some("abc")]),
            of(&[Some("abc"), Some("")]),
            of(&[Some("abc"), None]),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[..at].contains(one), "{at}");
        }
        let hex: String = all[0].iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "43ee655579de01ca739b3f95c1c2d3f4");
    }
}
