use std::sync::Arc;
use std::time::Duration;

use chats_domain::ports::Clock;
use chats_domain::values::{Audience, Timestamp};
use quick_cache::sync::Cache;

use super::TenantPolicySettings;
use super::question::Question;

/// What the tenant answered lately: so many answers at the most, each for its time.
pub(super) struct Answers {
    cache: Cache<Question, Answer>,
    audience: Audience,
    cache_yes: Duration,
    cache_no: Duration,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Clone, Copy)]
struct Answer {
    allowed: bool,
    asked_at: Timestamp,
}

impl Answers {
    pub(super) fn new(settings: &TenantPolicySettings, clock: Arc<dyn Clock>) -> Self {
        Self {
            cache: Cache::new(usize::try_from(settings.cache_size).unwrap_or(usize::MAX)),
            audience: settings.audience.clone(),
            cache_yes: settings.cache_yes,
            cache_no: settings.cache_no,
            clock,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The answer to `question`, if it is fresh. One from the future, asked for before the clock was set
    /// back, is not.
    pub(super) fn get(&self, question: &Question) -> Option<bool> {
        let Answer { allowed, asked_at } = self.cache.get(question)?;
        let now = self.now();
        let is_fresh = asked_at <= now && now.since(asked_at) < self.lifetime(question, allowed);
        is_fresh.then_some(allowed)
    }

    pub(super) fn keep(&self, question: Question, allowed: bool, asked_at: Timestamp) {
        if !self.lifetime(&question, allowed).is_zero() {
            self.cache.insert(question, Answer { allowed, asked_at });
        }
    }

    /// How long an answer is kept.
    ///
    /// A *no* to an account of another audience is not: where a chat is missing the question is another
    /// one than where it is there, so that who had asked would tell by how fast the next *no* comes.
    fn lifetime(&self, question: &Question, allowed: bool) -> Duration {
        if allowed {
            return self.cache_yes;
        }
        let is_of_the_tenant = *question.account.audience() == self.audience;
        if is_of_the_tenant { self.cache_no } else { Duration::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use chats_domain::ports::{Action, Object};
    use chats_testkit::memory::ManualClock;
    use uuid::Uuid;

    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);
    const SECOND: Duration = Duration::from_secs(1);

    fn answers(clock: &Arc<ManualClock>) -> Answers {
        let uri = "http://tenant".parse().unwrap();
        let audience = "school.example.org".parse().unwrap();
        let settings = TenantPolicySettings {
            cache_yes: MINUTE,
            cache_no: SECOND,
            cache_size: 100,
            ..TenantPolicySettings::new(audience, uri)
        };
        Answers::new(&settings, clock.clone())
    }

    fn question(account: &str, chat: u128) -> Question {
        Question {
            account: account.parse().unwrap(),
            object: Object::Chat(Uuid::from_u128(chat).into()),
            action: Action::Read,
        }
    }

    #[test]
    fn an_answer_is_good_for_its_time_from_the_question_on() {
        let tutor = question("tutor.school.example.org", 7);
        for (allowed, lifetime) in [(true, MINUTE), (false, SECOND)] {
            let clock = Arc::new(ManualClock::default());
            let answers = answers(&clock);
            let asked_at = clock.now();
            clock.advance(lifetime / 2);
            answers.keep(tutor.clone(), allowed, asked_at);
            clock.set(asked_at.plus(lifetime.checked_sub(Duration::from_micros(1)).unwrap()));
            assert_eq!(answers.get(&tutor), Some(allowed));
            clock.set(asked_at.plus(lifetime));
            assert_eq!(answers.get(&tutor), None);
        }
    }

    #[test]
    fn an_answer_from_before_the_clock_was_set_back_is_not_used() {
        let clock = Arc::new(ManualClock::default());
        let (answers, now) = (answers(&clock), clock.now());
        let tutor = question("tutor.school.example.org", 7);
        answers.keep(tutor.clone(), true, now.plus(SECOND));
        assert_eq!(answers.get(&tutor), None);
    }

    #[test]
    fn a_later_answer_takes_the_place_of_an_earlier_one() {
        let clock = Arc::new(ManualClock::default());
        let answers = answers(&clock);
        let tutor = question("tutor.school.example.org", 7);
        answers.keep(tutor.clone(), true, clock.now());
        answers.keep(tutor.clone(), false, clock.now());
        assert_eq!(answers.get(&tutor), Some(false));
    }

    #[test]
    fn there_are_no_more_answers_than_fit() {
        let clock = Arc::new(ManualClock::default());
        let answers = answers(&clock);
        for chat in 0..10_000 {
            answers.keep(question("tutor.school.example.org", chat), true, clock.now());
        }
        let kept = (0..10_000)
            .filter(|chat| answers.get(&question("tutor.school.example.org", *chat)).is_some())
            .count();
        // The cache rounds up, by a little for each of its parts.
        assert!((1..=200).contains(&kept), "{kept}");
    }
}
