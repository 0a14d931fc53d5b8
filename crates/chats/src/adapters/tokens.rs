use chats_access::Identity;
use chats_domain::ports::Cause;
use chats_event_client::TokenSource;

/// The tokens of our identity, for the event service.
pub(crate) struct IdentityTokens(pub(crate) Identity);

impl TokenSource for IdentityTokens {
    fn token(&self) -> Result<String, Cause> {
        Ok(self.0.token()?)
    }
}
