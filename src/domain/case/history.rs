//! The entries of a case and how they follow one another.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};

use chrono::{DateTime, Utc};

use super::entry::{Author, Draft, EntryHash, Happening, Sealed, Unfit};
use super::what::What;

/// The entries of one copy of a case. Each follows entries that are there; the first opens the case
/// and its hash is the case's identity.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// As they came to this copy: every entry after those that it follows.
    entries: Vec<Sealed>,
    places: HashMap<EntryHash, usize>,
    /// The entries that no other follows.
    heads: BTreeSet<EntryHash>,
}

impl History {
    /// A history without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an entry; `false` where it is there already.
    ///
    /// # Errors
    ///
    /// [`Unfit::Missing`] where an entry before it is not there, [`Unfit::Beginning`] where it opens
    /// a case within one, or is the first and opens none. Then nothing is changed.
    pub fn add(&mut self, sealed: Sealed) -> Result<bool, Unfit> {
        let hash = sealed.hash();
        if self.places.contains_key(&hash) {
            return Ok(false);
        }
        let entry = sealed.entry();
        let opens = matches!(entry.what, Happening::Known(What::Opened { .. }));
        if opens != self.entries.is_empty() || opens != entry.parents.is_empty() {
            return Err(Unfit::Beginning);
        }
        if let Some(missing) = entry
            .parents
            .iter()
            .find(|parent| !self.places.contains_key(parent))
        {
            return Err(Unfit::Missing(*missing));
        }
        for parent in &entry.parents {
            self.heads.remove(parent);
        }
        self.heads.insert(hash);
        self.places.insert(hash, self.entries.len());
        self.entries.push(sealed);
        Ok(true)
    }

    /// Writes entries that follow one another and everything that is here, without adding them.
    ///
    /// # Errors
    ///
    /// [`Unfit::Parents`] where too many copies were merged without an entry between.
    pub fn write(&self, drafts: &[Draft], author: &Author) -> Result<Vec<Sealed>, Unfit> {
        let mut parents: Vec<EntryHash> = self.heads.iter().copied().collect();
        let mut written = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let sealed = Sealed::write(draft, author, parents)?;
            parents = vec![sealed.hash()];
            written.push(sealed);
        }
        Ok(written)
    }

    /// The entries of another copy of this case that are not here, each after those that it
    /// follows.
    ///
    /// # Errors
    ///
    /// [`Unfit::AnotherCase`].
    pub fn missing_from<'a>(&self, other: &'a Self) -> Result<Vec<&'a Sealed>, Unfit> {
        if let (Some(expected), Some(found)) = (self.id(), other.id())
            && expected != found
        {
            return Err(Unfit::AnotherCase { expected, found });
        }
        let unknown = |sealed: &&Sealed| !self.contains(&sealed.hash());
        Ok(other.ordered().into_iter().filter(unknown).collect())
    }

    /// Adds what another copy has; gives how many entries that were. In whatever sequence copies
    /// are merged, those with the same entries are the same; merging again changes nothing.
    ///
    /// # Errors
    ///
    /// [`Unfit::AnotherCase`].
    pub fn merge(&mut self, other: &Self) -> Result<usize, Unfit> {
        let missing: Vec<Sealed> = self.missing_from(other)?.into_iter().cloned().collect();
        let count = missing.len();
        for sealed in missing {
            self.add(sealed)?;
        }
        Ok(count)
    }

    /// The case's identity: the hash of its first entry.
    pub fn id(&self) -> Option<EntryHash> {
        self.entries.first().map(Sealed::hash)
    }

    /// The entries as they came to this copy.
    pub fn entries(&self) -> &[Sealed] {
        &self.entries
    }

    /// The entries that no other follows, in the order of their hashes. Together they stand for
    /// everything that is here: noted elsewhere, they prove that nothing was taken away.
    pub fn heads(&self) -> impl Iterator<Item = EntryHash> + '_ {
        self.heads.iter().copied()
    }

    /// Whether an entry is here.
    pub fn contains(&self, hash: &EntryHash) -> bool {
        self.places.contains_key(hash)
    }

    /// The entries in the order that every copy with these entries has: each after those that it
    /// follows, and of several that could be next the earliest first, then the smaller hash.
    pub fn ordered(&self) -> Vec<&Sealed> {
        let mut waits_for = Vec::with_capacity(self.entries.len());
        let mut followers: Vec<Vec<usize>> = vec![Vec::new(); self.entries.len()];
        let mut ready: BinaryHeap<Reverse<(DateTime<Utc>, EntryHash, usize)>> = BinaryHeap::new();
        for (place, sealed) in self.entries.iter().enumerate() {
            let parents = &sealed.entry().parents;
            waits_for.push(parents.len());
            for parent in parents {
                if let Some(list) = self
                    .places
                    .get(parent)
                    .and_then(|parent| followers.get_mut(*parent))
                {
                    list.push(place);
                }
            }
            if parents.is_empty() {
                ready.push(Reverse((sealed.entry().at, sealed.hash(), place)));
            }
        }
        let mut ordered = Vec::with_capacity(self.entries.len());
        while let Some(Reverse((_, _, place))) = ready.pop() {
            let Some(sealed) = self.entries.get(place) else {
                continue;
            };
            ordered.push(sealed);
            for follower in followers.get(place).into_iter().flatten() {
                let (Some(count), Some(next)) =
                    (waits_for.get_mut(*follower), self.entries.get(*follower))
                else {
                    continue;
                };
                *count -= 1;
                if *count == 0 {
                    ready.push(Reverse((next.entry().at, next.hash(), *follower)));
                }
            }
        }
        ordered
    }
}
