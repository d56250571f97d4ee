//! The only source of chance: streams of numbers that a seed and a label fix for ever.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use sha2::{Digest, Sha256};

const UPPER: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const HEX: &[u8; 16] = b"0123456789abcdef";

/// One stream of chance, independent of every other label's.
#[derive(Debug, Clone)]
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream that belongs to a label under a seed.
    pub(crate) fn new(seed: u64, label: &str) -> Self {
        let digest = Sha256::digest(format!("{seed}/{label}").as_bytes());
        Self(ChaCha8Rng::from_seed(digest.into()))
    }

    /// Any 64 bits.
    pub(crate) fn word(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number from 0 up to, not including, `end`; 0 where `end` is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.word()) * end as u128) >> 64) as usize
    }

    /// A number from `low` up to, not including, `high`.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = usize::try_from(high - low).unwrap_or(0);
        low + self.below(width) as i64
    }

    /// A number from 0 up to, not including, 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.word() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Whether something of this probability happens.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of a list that is not empty, each as likely.
    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// A size as sizes in the world are: small ones are common, huge ones are not rare.
    pub(crate) fn size(&mut self, median: f64) -> i64 {
        let spread = self.unit() + self.unit() + self.unit() + self.unit() - 2.0;
        (median * (spread * 4.0).exp()) as i64 + 1
    }

    /// `length` hexadecimal digits, lower case.
    pub(crate) fn hex(&mut self, length: usize) -> String {
        self.letters(length, HEX)
    }

    /// An identifier as IAM forms them: `prefix` and upper-case letters and digits, 20 in all.
    pub(crate) fn iam_id(&mut self, prefix: &str) -> String {
        format!("{prefix}{}", self.letters(20 - prefix.len(), UPPER))
    }

    /// A random UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let digits = self.hex(32);
        format!(
            "{}-{}-4{}-a{}-{}",
            &digits[..8],
            &digits[8..12],
            &digits[13..16],
            &digits[17..20],
            &digits[20..]
        )
    }

    fn letters(&mut self, length: usize, alphabet: &[u8]) -> String {
        let mut text = String::with_capacity(length);
        let mut bits = 0;
        for index in 0..length {
            if index % 12 == 0 {
                bits = self.word();
            }
            text.push(char::from(alphabet[bits as usize % alphabet.len()]));
            bits >>= 5;
        }
        text
    }
}

/// Draws indexes with given weights.
#[derive(Debug, Clone)]
pub(crate) struct Weighted(Vec<f64>);

impl Weighted {
    /// One weight an index.
    pub(crate) fn new(weights: impl IntoIterator<Item = f64>) -> Self {
        let mut total = 0.0;
        Self(
            weights
                .into_iter()
                .map(|weight| {
                    total += weight;
                    total
                })
                .collect(),
        )
    }

    /// The rank-frequency law that use of hosts, names and keys follows.
    pub(crate) fn zipf(count: usize, exponent: f64) -> Self {
        Self::new((1..=count).map(|rank| (rank as f64).powf(-exponent)))
    }

    /// One index.
    pub(crate) fn draw(&self, dice: &mut Dice) -> usize {
        let at = dice.unit() * self.0.last().copied().unwrap_or(0.0);
        self.0
            .partition_point(|&end| end <= at)
            .min(self.0.len().saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_fixes_its_stream() {
        let draw = |seed, label| Dice::new(seed, label).uuid();
        assert_eq!(draw(1, "a"), draw(1, "a"));
        assert_ne!(draw(1, "a"), draw(1, "b"));
        assert_ne!(draw(1, "a"), draw(2, "a"));
    }

    #[test]
    fn weights_decide_how_often() {
        let mut dice = Dice::new(7, "weights");
        let weighted = Weighted::new([1.0, 0.0, 3.0]);
        let mut seen = [0_u32; 3];
        for _ in 0..4000 {
            seen[weighted.draw(&mut dice)] += 1;
        }
        assert_eq!(seen[1], 0);
        assert!((2800..3200).contains(&seen[2]), "{seen:?}");
    }

    #[test]
    fn identifiers_have_the_documented_shape() {
        let mut dice = Dice::new(7, "shape");
        let key = dice.iam_id("AKIA");
        assert_eq!(key.len(), 20);
        assert!(
            key.bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        );
        assert_eq!(dice.uuid().len(), 36);
    }
}
