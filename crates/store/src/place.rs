use std::hash::{DefaultHasher, Hash, Hasher};

/// The place of a change in the one order in which changes that are carried out together take their locks. So two
/// such groups that meet wait for each other in one direction alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(u64);

impl Place {
    /// That of a change whose locks are on `key`. Every instance has the same order.
    pub(crate) fn of(key: impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        Self(hasher.finish())
    }
}
