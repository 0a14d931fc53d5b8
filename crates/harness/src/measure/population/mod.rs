//! As many ready chats as are wanted, as a platform of many tenants would have them after a year.

mod copy;
mod seeding;

use std::fmt::Write as _;
use std::time::Duration;

use fastrand::Rng;
use serde_json::json;
use uuid::{Builder, Uuid};

use crate::deployment::OUR_TUTOR;
pub(crate) use seeding::seed;

/// Chats that are numbered from zero on, in the order in which they were created. What a chat is follows from
/// its number, so that whoever knows how many there are can read any of them, and create those after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Population {
    pub(crate) chats: u32,
}

/// How many tenants there are. Each has about as many chats as any other.
const AUDIENCES: u16 = 1_000;

/// When the first chat was created, in milliseconds since the Unix epoch, and how long the others took to come.
const FIRST_MILLIS: u64 = 1_732_281_600_000;
const YEAR: Duration = Duration::from_hours(365 * 24);

/// A chat of a population.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    /// Of version 7, as the service makes them.
    pub(crate) id: Uuid,
    pub(crate) audience: String,
    /// Anywhere in the order of its audience's scopes.
    pub(crate) scope: String,
    /// Every other chat has some.
    pub(crate) tags: Option<String>,
    room: Uuid,
    created_at_millis: u64,
}

impl Population {
    /// The chat of a number. The first that is not there is that of `chats`.
    pub(crate) fn member(self, number: u32) -> Member {
        let mut dice = Rng::with_seed(number.into());
        let random: u128 = dice.u128(..);
        let since_first = YEAR.as_millis() * u128::from(number) / u128::from(self.chats.max(1));
        let created_at_millis = FIRST_MILLIS + u64::try_from(since_first).unwrap_or(u64::MAX / 2);
        let [head @ .., _, _, _, _, _, _] = random.to_be_bytes();
        Member {
            id: Builder::from_unix_timestamp_millis(created_at_millis, &head).into_uuid(),
            audience: audience(dice.u16(0..AUDIENCES)),
            scope: format!("lesson-{:016x}", dice.u64(..)),
            tags: number.is_multiple_of(2).then(|| format!(r#"{{"grade":{}}}"#, dice.u8(1..12))),
            room: Builder::from_random_bytes(dice.u128(..).to_be_bytes()).into_uuid(),
            created_at_millis,
        }
    }

    /// Chats of which each is any, as likely as any other.
    pub(crate) fn any(self, count: u32, dice: &mut Rng) -> impl Iterator<Item = Member> {
        let mut numbers = dice.fork();
        (0..count).map(move |_| self.member(numbers.u32(0..self.chats)))
    }

    /// The settings that let our tutor do everything in all audiences.
    pub(crate) fn settings() -> String {
        (0..AUDIENCES).fold(String::new(), |mut settings, number| {
            let audience = audience(number);
            let _ = writeln!(
                settings,
                "audiences.\"{audience}\".policy = \"local\"\n\
                 audiences.\"{audience}\".trusted = [\"{OUR_TUTOR}\"]"
            );
            settings
        })
    }
}

impl Member {
    pub(crate) fn path_by_id(&self) -> String {
        format!("/api/v1/chats/{}", self.id)
    }

    pub(crate) fn path_by_key(&self) -> String {
        format!("/api/v1/audiences/{}/chats/{}", self.audience, self.scope)
    }

    /// What is posted to create it.
    pub(crate) fn body(&self) -> String {
        let Self { audience, scope, .. } = self;
        let tags = self.tags.as_deref().map(|tags| format!(r#","tags":{tags}"#));
        let tags = tags.unwrap_or_default();
        format!(r#"{{"audience":{},"scope":{}{tags}}}"#, json!(audience), json!(scope))
    }
}

fn audience(number: u16) -> String {
    format!("tenant-{number}.example.org")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const POPULATION: Population = Population { chats: 10_000 };

    #[test]
    fn a_number_is_always_the_same_chat() {
        assert_eq!(POPULATION.member(7), POPULATION.member(7));
        assert_ne!(POPULATION.member(7), POPULATION.member(8));
    }

    #[test]
    fn no_two_chats_have_the_same_identifier_key_or_room() {
        let members = || (0..POPULATION.chats).map(|number| POPULATION.member(number));
        let ids: BTreeSet<_> = members().map(|it| it.id).collect();
        let keys: BTreeSet<_> = members().map(|it| (it.audience, it.scope)).collect();
        let rooms: BTreeSet<_> = members().map(|it| it.room).collect();
        assert_eq!([ids.len(), keys.len(), rooms.len()], [10_000; 3]);
    }

    #[test]
    fn identifiers_are_those_of_a_year_in_the_order_of_the_numbers() {
        let id = |number| POPULATION.member(number).id;
        assert!((1..POPULATION.chats).all(|number| id(number - 1) < id(number)));
        assert_eq!(id(7).get_version_num(), 7);
        let millis = |number| POPULATION.member(number).created_at_millis;
        assert_eq!(millis(0), FIRST_MILLIS);
        assert_eq!(u128::from(millis(POPULATION.chats) - millis(0)), YEAR.as_millis());
    }

    #[test]
    fn the_audiences_have_about_as_many_chats_each() {
        let of_audience = |audience: &str| {
            let audiences = (0..POPULATION.chats).map(|number| POPULATION.member(number).audience);
            audiences.filter(|it| it == audience).count()
        };
        // Ten, and four standard deviations.
        assert!((1..=23).contains(&of_audience("tenant-0.example.org")));
        assert!((1..=23).contains(&of_audience("tenant-999.example.org")));
    }

    #[test]
    fn a_body_is_json_with_tags_or_without() {
        let body = |number| -> serde_json::Value {
            serde_json::from_str(&POPULATION.member(number).body()).unwrap()
        };
        assert!(body(2)["tags"]["grade"].is_u64());
        assert!(body(3).get("tags").is_none());
        assert_eq!(body(3)["scope"], POPULATION.member(3).scope);
    }
}
