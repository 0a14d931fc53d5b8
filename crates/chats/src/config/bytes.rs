use std::num::NonZeroU64;

use bytesize::ByteSize;
use serde::de::{Deserialize, Deserializer, Error};

/// Reads a number of bytes, as one or with a unit: `67108864`, `64MiB`. Zero is `None`.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<NonZeroU64>, D::Error> {
    let size = ByteSize::deserialize(deserializer)
        .map_err(|_| D::Error::custom("is not a number of bytes, such as 64MiB"))?;
    Ok(NonZeroU64::new(size.as_u64()))
}
