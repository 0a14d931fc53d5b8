use std::collections::{HashMap, HashSet};

use chats_domain::ports::{Action, Object};
use chats_domain::values::{Account, ChatId};
use uuid::Uuid;

/// Records of what accounts may do in an audience.
#[derive(Debug, Clone, Default)]
pub struct Whitelist(HashMap<Account, HashSet<(Target, Action)>>);

/// An account may do an action to an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    account: Account,
    target: Target,
    action: Action,
}

/// Why there is no such record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRecord {
    /// No action has this name.
    #[error("has the unknown action {0:?}")]
    UnknownAction(String),
    /// No object is written so, and the record would never grant anything.
    #[error("has an object that is none: {0:?}")]
    NoObject(Vec<String>),
    /// Chats are created and converted in an audience. It is never asked of one chat.
    #[error("grants {action:?} on a single chat", action = .0.as_str())]
    NotForOneChat(Action),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Target {
    Everything,
    Only(Object),
}

impl Whitelist {
    pub(crate) fn allows(&self, account: &Account, object: Object, action: Action) -> bool {
        self.0.get(account).is_some_and(|granted| {
            [Target::Everything, Target::Only(object)]
                .into_iter()
                .any(|target| granted.contains(&(target, action)))
        })
    }
}

impl FromIterator<Record> for Whitelist {
    fn from_iter<R: IntoIterator<Item = Record>>(records: R) -> Self {
        let mut whitelist = Self::default();
        for record in records {
            let granted = whitelist.0.entry(record.account).or_default();
            granted.insert((record.target, record.action));
        }
        whitelist
    }
}

impl Record {
    /// Reads a record.
    ///
    /// The object is written as on the platform: `["classrooms"]` is the audience's chats at large,
    /// `["classrooms", chat_id]` one chat. A last `"*"` stands for any rest, and for none:
    /// `["classrooms", "*"]` is the chats at large and every one of them.
    pub fn parse<P: AsRef<str>>(
        account: Account,
        object: &[P],
        action: &str,
    ) -> Result<Self, InvalidRecord> {
        let parts: Vec<&str> = object.iter().map(AsRef::as_ref).collect();
        let action =
            parse_action(action).ok_or_else(|| InvalidRecord::UnknownAction(action.to_owned()))?;
        let target = Target::parse(&parts).ok_or_else(|| {
            InvalidRecord::NoObject(parts.iter().copied().map(str::to_owned).collect())
        })?;
        if matches!(target, Target::Only(Object::Chat(_))) && action != Action::Read {
            return Err(InvalidRecord::NotForOneChat(action));
        }
        Ok(Self { account, target, action })
    }
}

impl Target {
    fn parse(parts: &[&str]) -> Option<Self> {
        match parts {
            ["*"] | ["classrooms", "*"] => Some(Self::Everything),
            ["classrooms"] => Some(Self::Only(Object::Chats)),
            ["classrooms", id] | ["classrooms", id, "*"] => {
                let id = Uuid::parse_str(id).ok()?;
                Some(Self::Only(Object::Chat(ChatId::from(id))))
            }
            _ => None,
        }
    }
}

fn parse_action(name: &str) -> Option<Action> {
    [Action::Create, Action::Convert, Action::Read]
        .into_iter()
        .find(|action| action.as_str() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEVEN: &str = "0193a5c0-7b1e-7cc3-9d3e-2f6a1c0b8e11";

    fn tutor() -> Account {
        "tutor-7.school.example.org".parse().unwrap()
    }

    fn seven() -> Object {
        Object::Chat(Uuid::parse_str(SEVEN).unwrap().into())
    }

    fn eight() -> Object {
        Object::Chat(Uuid::from_u128(8).into())
    }

    fn record(object: &[&str], action: &str) -> Result<Record, InvalidRecord> {
        Record::parse(tutor(), object, action)
    }

    #[test]
    fn a_record_grants_its_object_and_no_other() {
        for (object, chats, chat_seven, chat_eight) in [
            (&["classrooms"][..], true, false, false),
            (&["classrooms", SEVEN], false, true, false),
            (&["classrooms", SEVEN, "*"], false, true, false),
            (&["classrooms", "*"], true, true, true),
            (&["*"], true, true, true),
        ] {
            let whitelist: Whitelist = [record(object, "read").unwrap()].into_iter().collect();
            for (asked, expected) in
                [(Object::Chats, chats), (seven(), chat_seven), (eight(), chat_eight)]
            {
                assert_eq!(
                    whitelist.allows(&tutor(), asked, Action::Read),
                    expected,
                    "{object:?} {asked:?}"
                );
                for action in [Action::Create, Action::Convert] {
                    assert!(!whitelist.allows(&tutor(), asked, action));
                }
            }
        }
    }

    #[test]
    fn a_record_grants_its_action_to_its_account_and_no_other() {
        let other: Account = "tutor-8.school.example.org".parse().unwrap();
        for action in [Action::Create, Action::Convert, Action::Read] {
            let record = record(&["classrooms"], action.as_str()).unwrap();
            let whitelist: Whitelist = [record].into_iter().collect();
            for asked in [Action::Create, Action::Convert, Action::Read] {
                let allowed = whitelist.allows(&tutor(), Object::Chats, asked);
                assert_eq!(allowed, asked == action);
                assert!(!whitelist.allows(&other, Object::Chats, asked));
            }
        }
    }

    #[test]
    fn several_records_grant_what_each_of_them_does() {
        let whitelist: Whitelist = [
            record(&["classrooms"], "create").unwrap(),
            record(&["classrooms", SEVEN], "read").unwrap(),
            record(&["classrooms", SEVEN], "read").unwrap(),
        ]
        .into_iter()
        .collect();
        assert!(whitelist.allows(&tutor(), Object::Chats, Action::Create));
        assert!(whitelist.allows(&tutor(), seven(), Action::Read));
        assert!(!whitelist.allows(&tutor(), Object::Chats, Action::Read));
        assert!(!whitelist.allows(&tutor(), Object::Chats, Action::Convert));
    }

    #[test]
    fn an_empty_list_grants_nothing() {
        assert!(!Whitelist::default().allows(&tutor(), Object::Chats, Action::Read));
    }

    #[test]
    fn an_object_that_nothing_is_written_as_is_refused() {
        for object in [
            &[][..],
            &["rooms"],
            &["Classrooms"],
            &["classrooms "],
            &["classrooms", ""],
            &["classrooms", "lesson-42"],
            &["classrooms", "*", "events"],
            &["classrooms", "**"],
            &["classrooms", SEVEN, "events"],
            &["rooms", "*"],
            &["*", "*"],
        ] {
            let written = object.iter().copied().map(str::to_owned).collect();
            assert_eq!(record(object, "read"), Err(InvalidRecord::NoObject(written)));
        }
    }

    #[test]
    fn an_action_has_its_exact_name() {
        for action in ["", "Read", "read ", "delete", "*"] {
            assert_eq!(
                record(&["classrooms"], action),
                Err(InvalidRecord::UnknownAction(action.to_owned()))
            );
        }
    }

    #[test]
    fn one_chat_can_only_be_read() {
        assert!(record(&["classrooms", SEVEN], "read").is_ok());
        for action in [Action::Create, Action::Convert] {
            assert_eq!(
                record(&["classrooms", SEVEN], action.as_str()),
                Err(InvalidRecord::NotForOneChat(action))
            );
            assert!(record(&["classrooms", "*"], action.as_str()).is_ok());
        }
    }
}
