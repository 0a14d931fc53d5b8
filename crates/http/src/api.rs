use std::sync::Arc;

use chats_domain::ports::Authenticator;
use chats_domain::use_cases::Chats;

use crate::RequestObserver;

/// What the routes serve: the use cases, and who tells their callers apart.
#[derive(Clone)]
pub struct Api {
    /// The use cases.
    pub chats: Arc<Chats>,
    /// Turns bearer tokens into accounts.
    pub authenticator: Arc<dyn Authenticator>,
    /// Is told of every request.
    pub observer: Arc<dyn RequestObserver>,
}
