//! How many files the process may have open. A connection is one, so clients that only connect could take
//! them all, and none would be left for the database.

use std::num::NonZeroU32;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::warning::Warning;

/// What is kept for all but the clients' connections.
const FOR_THE_REST: u64 = 200;

/// What the limit lets be served of the connections that are wanted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) connections: NonZeroU32,
    pub(crate) warning: Option<Warning>,
}

/// Raises the limit as far as the system lets us, and tells for how many connections there is room.
pub(crate) fn make_room_for(wanted: NonZeroU32) -> Room {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: maximum, maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => room(maximum, wanted),
        Err(_) => room(current, wanted),
    }
}

/// The room that there is within a limit, if there is one.
fn room(limit: Option<u64>, wanted: NonZeroU32) -> Room {
    let fitting = limit.map_or(u64::MAX, |limit| limit.saturating_sub(FOR_THE_REST));
    if u64::from(wanted.get()) <= fitting {
        return Room { connections: wanted, warning: None };
    }
    let connections =
        u32::try_from(fitting).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
    let says = format!(
        "is more than the limit of open files allows (LimitNOFILE, ulimit -Hn: {}, of which {FOR_THE_REST} \
         are for the rest): {connections} are open at once, and further ones wait",
        limit.unwrap_or(u64::MAX),
    );
    Room { connections, warning: Some(Warning::new("http.max_connections", says)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_get_what_the_rest_leaves_of_the_limit() {
        for (limit, wanted, served) in [
            (None, u32::MAX, u32::MAX),
            (Some(12_200), 12_000, 12_000),
            (Some(12_199), 12_000, 11_999),
            (Some(256), 12_000, 56),
            (Some(200), 12_000, 1),
            (Some(64), 1, 1),
            (Some(u64::MAX), 1, 1),
        ] {
            let room = room(limit, NonZeroU32::new(wanted).unwrap());
            assert_eq!(room.connections.get(), served, "{limit:?}");
            let is_enough = limit.is_none_or(|limit| limit >= u64::from(wanted) + FOR_THE_REST);
            assert_eq!(room.warning.is_none(), is_enough, "{limit:?}");
        }
    }
}
