use std::{fmt, str::FromStr, time::Duration};

use reqwest::Certificate;
use url::Url;

use crate::SetupError;

/// Where the event service is, and how to speak to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where its API begins: what stands before `/api/v1`. `http` or `https`, without user, query or
    /// fragment.
    pub base_url: Url,
    /// How long a connection may take, TLS included. Shorter than `timeout`, so that a service that
    /// cannot be reached is told from one that does not answer.
    pub connect_timeout: Duration,
    /// How long a whole call may take, connection and answer included.
    pub timeout: Duration,
    /// Root certificates, in PEM, that are trusted besides those of the system.
    pub extra_roots: Option<Vec<u8>>,
    /// The kind of the rooms that are opened, or `None` for an event service that knows no kinds.
    pub room_kind: Option<RoomKind>,
}

/// The kinds of rooms that the event service knows. Capitals matter to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RoomKind {
    /// `Webinar`: what the platform uses where nothing else is said.
    #[default]
    Webinar,
    /// `P2P`.
    P2P,
    /// `Minigroup`.
    Minigroup,
}

/// A text that names no kind of room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is none of Webinar, P2P, Minigroup")]
pub struct InvalidRoomKind;

impl Settings {
    /// The URL of all rooms.
    pub(crate) fn rooms_url(&self) -> Result<Url, SetupError> {
        let mut url = self.base_url.clone();
        if !matches!(url.scheme(), "http" | "https") {
            return Err(SetupError::BaseUrl("is neither http nor https"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(SetupError::BaseUrl("names a user"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(SetupError::BaseUrl("has a query or a fragment"));
        }
        url.path_segments_mut()
            .map_err(|()| SetupError::BaseUrl("has no path"))?
            .pop_if_empty()
            .extend(["api", "v1", "rooms"]);
        Ok(url)
    }

    /// The extra roots, parsed: one at least, if there are to be any.
    pub(crate) fn extra_root_certificates(&self) -> Result<Vec<Certificate>, SetupError> {
        let Some(pem) = &self.extra_roots else {
            return Ok(Vec::new());
        };
        // An error of the parser may show what the file holds, such as a key.
        match Certificate::from_pem_bundle(pem) {
            Ok(roots) if !roots.is_empty() => Ok(roots),
            _ => Err(SetupError::ExtraRoots),
        }
    }

    pub(crate) fn check_timeouts(&self) -> Result<(), SetupError> {
        if self.connect_timeout.is_zero() || self.connect_timeout >= self.timeout {
            return Err(SetupError::Timeouts);
        }
        Ok(())
    }
}

impl RoomKind {
    const ALL: [Self; 3] = [Self::Webinar, Self::P2P, Self::Minigroup];

    /// The kind as the event service writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webinar => "Webinar",
            Self::P2P => "P2P",
            Self::Minigroup => "Minigroup",
        }
    }
}

impl FromStr for RoomKind {
    type Err = InvalidRoomKind;

    fn from_str(kind: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|known| known.as_str() == kind);
        known.ok_or(InvalidRoomKind)
    }
}

impl fmt::Display for RoomKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_may_have_a_path_and_may_end_in_a_slash() {
        for (base, rooms) in [
            ("http://event", "http://event/api/v1/rooms"),
            ("http://event/", "http://event/api/v1/rooms"),
            ("https://event:8443/a/b", "https://event:8443/a/b/api/v1/rooms"),
            ("https://event/a/b/", "https://event/a/b/api/v1/rooms"),
        ] {
            let url = settings(base).rooms_url().unwrap();
            assert_eq!(url.as_str(), rooms, "{base}");
        }
    }

    #[test]
    fn a_base_url_is_nothing_but_where_the_api_begins() {
        for base in [
            "ftp://event",
            "unix:/run/event",
            "http://chats:secret@event",
            "http://:secret@event",
            "http://event?a=b",
            "http://event#a",
        ] {
            let refused = settings(base).rooms_url();
            assert!(matches!(refused, Err(SetupError::BaseUrl(_))), "{base}");
        }
    }

    #[test]
    fn connecting_must_time_out_before_the_whole_call_does() {
        for (connect, whole, fits) in [(1, 2, true), (2, 2, false), (3, 2, false), (0, 2, false)] {
            let settings = Settings {
                connect_timeout: Duration::from_secs(connect),
                timeout: Duration::from_secs(whole),
                ..settings("http://event")
            };
            assert_eq!(settings.check_timeouts().is_ok(), fits, "{connect} {whole}");
        }
    }

    #[test]
    fn a_kind_of_room_reads_as_it_is_written() {
        for kind in RoomKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        for other in ["webinar", "P2p", "", "Webinar "] {
            assert_eq!(other.parse::<RoomKind>(), Err(InvalidRoomKind), "{other:?}");
        }
        assert_eq!(RoomKind::default().as_str(), "Webinar");
    }

    fn settings(base_url: &str) -> Settings {
        Settings {
            base_url: base_url.parse().unwrap(),
            connect_timeout: Duration::from_secs(1),
            timeout: Duration::from_secs(2),
            extra_roots: None,
            room_kind: None,
        }
    }
}
