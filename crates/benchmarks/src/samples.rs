//! What all parts work on.

use chats_domain::chat::{Chat, ChatState};
use chats_domain::values::{Account, Audience, Tags, Timestamp};
use uuid::Uuid;

pub(crate) fn audience() -> Audience {
    "school.example.org".parse().expect("it is an audience")
}

pub(crate) fn tutor() -> Account {
    Account::new("tutor-7", audience()).expect("it is an account")
}

/// A ready chat with a tag or two, as most are.
pub(crate) fn chat() -> Chat {
    Chat {
        id: Uuid::from_u128(0x0193_a5c0_7b1e_7cc3_9d3e_2f6a_1c0b_8e11).into(),
        audience: audience(),
        scope: "lesson-42".parse().expect("it is a scope"),
        tags: Some(Tags::parse(r#"{"group":7,"subject":"algebra"}"#).expect("they are tags")),
        created_at: Timestamp::from_unix_micros(1_732_281_600_000_000),
        state: ChatState::Ready(Uuid::from_u128(0x4f5a_1d70_52f4_4b0e_8f0e_8b3c_7b1f_9a02).into()),
    }
}
