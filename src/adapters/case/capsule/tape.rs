//! Bytes one after the other, with the place that they are at.

use std::io::{self, Read};

use sha2::{Digest, Sha256};

use super::form::BLOCK;
use crate::domain::case::EntryHash;

/// The bytes of a capsule.
pub(super) struct Tape<'a> {
    bytes: &'a mut dyn Read,
    at: u64,
}

impl<'a> Tape<'a> {
    pub(super) fn new(bytes: &'a mut dyn Read) -> Self {
        Self { bytes, at: 0 }
    }

    /// The place of the next byte.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Fills a buffer as far as there are bytes; gives how far.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.read(rest)? {
                0 => break,
                read => filled += read,
            }
        }
        Ok(filled)
    }

    /// What fills the last block of so many bytes; the place of the first that is not a zero, or
    /// not there.
    pub(super) fn padding(&mut self, size: u64) -> io::Result<Option<u64>> {
        let block = BLOCK as u64;
        let fill = usize::try_from((block - size % block) % block).unwrap_or(0);
        let start = self.at;
        let mut buffer = [0; BLOCK];
        let part = buffer.get_mut(..fill).unwrap_or_default();
        let got = self.fill(part)?;
        let odd = part.iter().position(|byte| *byte != 0);
        let odd = odd.or((got < fill).then_some(got));
        Ok(odd.map(|byte| start + byte as u64))
    }
}

impl Read for Tape<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.bytes.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => {
                    let read = read?;
                    self.at += read as u64;
                    return Ok(read);
                }
            }
        }
    }
}

/// The bytes of one member, hashed as they are read.
pub(super) struct Body<'t, 'a> {
    tape: &'t mut Tape<'a>,
    left: u64,
    hash: Sha256,
}

impl<'t, 'a> Body<'t, 'a> {
    pub(super) fn new(tape: &'t mut Tape<'a>, size: u64) -> Self {
        Self {
            tape,
            left: size,
            hash: Sha256::new(),
        }
    }

    /// Reads what is left; gives the hash of all its bytes, or `None` where some are missing.
    pub(super) fn finish(mut self) -> io::Result<Option<EntryHash>> {
        io::copy(&mut self, &mut io::sink())?;
        let whole = self.left == 0;
        Ok(whole.then(|| EntryHash::from_digest(self.hash.finalize().into())))
    }
}

impl Read for Body<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let most = most.min(buffer.len());
        let part = buffer.get_mut(..most).unwrap_or_default();
        let read = self.tape.read(part)?;
        self.hash.update(part.get(..read).unwrap_or_default());
        self.left -= read as u64;
        Ok(read)
    }
}
