use chats_domain::ports::{Action, Object};
use chats_domain::values::Account;
use serde::Serialize;

/// Whether an account may do something: what a tenant is asked, and what its answer is kept under.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub(super) account: Account,
    pub(super) object: Object,
    pub(super) action: Action,
}

/// A question as the platform writes it.
#[derive(Serialize)]
pub(super) struct QuestionJson<'a> {
    subject: Subject<'a>,
    object: NamedObject<'a>,
    action: &'static str,
}

#[derive(Serialize)]
struct Subject<'a> {
    namespace: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
struct NamedObject<'a> {
    namespace: &'a str,
    value: Vec<String>,
}

impl Question {
    /// The question about an object in the name space of the service whose account is `service`.
    pub(super) fn to_json<'a>(&'a self, service: &'a str) -> QuestionJson<'a> {
        let mut value = vec!["classrooms".to_owned()];
        if let Object::Chat(id) = self.object {
            value.push(id.to_string());
        }
        QuestionJson {
            subject: Subject {
                namespace: self.account.audience().as_str(),
                value: self.account.label(),
            },
            object: NamedObject { namespace: service, value },
            action: self.action.as_str(),
        }
    }
}
