/// What requests ask for, as far as figures and logs tell them apart.
///
/// There are few of them, whatever clients send, and each is a number: [`Route::ALL`] is in that order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// Creating a chat.
    Create,
    /// Converting a room.
    Convert,
    /// Reading a chat by its identifier.
    Read,
    /// Reading a chat by the tenant's own key.
    ReadByKey,
    /// The OpenAPI document.
    OpenApi,
    /// The page to try the API from, and its files.
    Docs,
    /// A path on which nothing is served.
    Unknown,
}

impl Route {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Create,
        Self::Convert,
        Self::Read,
        Self::ReadByKey,
        Self::OpenApi,
        Self::Docs,
        Self::Unknown,
    ];

    /// The pattern that its paths have: `http.route` in the semantic conventions of OpenTelemetry. Unknown
    /// paths have none there, and one name here.
    #[must_use]
    pub const fn pattern(self) -> &'static str {
        match self {
            Self::Create => "/api/v1/chats",
            Self::Convert => "/api/v1/chats/convert",
            Self::Read => "/api/v1/chats/{chat_id}",
            Self::ReadByKey => "/api/v1/audiences/{audience}/chats/{scope}",
            Self::OpenApi => "/openapi.json",
            Self::Docs => "/docs/{file}",
            Self::Unknown => "_OTHER",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_route_is_at_its_number() {
        for (number, route) in Route::ALL.into_iter().enumerate() {
            assert_eq!(route as usize, number, "{route:?}");
        }
    }
}
