//! How much an account and an audience may ask: token buckets, kept in memory by each instance.

mod bucket;
mod fields;
mod keys;
mod quota;

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use chats_domain::values::{Account, Audience};
use governor::clock::{Clock, MonotonicClock};

use crate::problem::{Kind, Problem};
use crate::response_headers;
use bucket::Bucket;
use fields::Fields;
pub use quota::{InvalidQuota, Quota};

/// The quotas, of which none need be set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// How much each account may ask.
    pub account: Option<Quota>,
    /// How much all accounts of an audience may ask together.
    pub audience: Option<Quota>,
}

static RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
static RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Counts the requests of authenticated callers.
pub(crate) struct Limiter<C: Clock = MonotonicClock> {
    account: Option<Bucket<Account, C>>,
    audience: Option<Bucket<Audience, C>>,
    /// The `RateLimit-Policy`, which never changes.
    policy: Option<HeaderValue>,
}

impl<C: Clock + Clone> Limiter<C> {
    pub(crate) fn new(limits: Limits, clock: &C) -> Self {
        let policies = [("account", limits.account), ("audience", limits.audience)];
        Self {
            account: limits.account.map(|quota| Bucket::new(quota, clock.clone())),
            audience: limits.audience.map(|quota| Bucket::new(quota, clock.clone())),
            policy: fields::policy(&policies),
        }
    }

    /// Counts a request of `account`, and has the answer say what is left.
    pub(crate) fn count(&self, request: &HttpRequest, account: &Account) -> Result<(), Problem> {
        let mut fields = Fields::default();
        let counted = self.take(account, &mut fields);
        if let (Some(policy), Some(left)) = (&self.policy, fields.into_value()) {
            response_headers::add(request, RATE_LIMIT_POLICY.clone(), policy.clone());
            response_headers::add(request, RATE_LIMIT.clone(), left);
        }
        counted
    }

    /// What one of the two is refused does not count for the other. The audience comes first, so that what
    /// it is refused leaves no trace of the account.
    fn take(&self, account: &Account, fields: &mut Fields) -> Result<(), Problem> {
        let of_audience = self.audience.as_ref().map(|bucket| bucket.take(account.audience()));
        if let Some(standing) = of_audience.filter(|standing| standing.is_refused) {
            fields.push("audience", standing);
            let detail = "The audience's accounts have made too many requests.";
            return Err(rate_limited(detail, standing.seconds));
        }
        let of_account = self.account.as_ref().map(|bucket| bucket.take(account));
        if let Some(standing) = of_account {
            fields.push("account", standing);
            if standing.is_refused {
                if let Some(audience) = &self.audience {
                    audience.give_back(account.audience());
                }
                let detail = "The account has made too many requests.";
                return Err(rate_limited(detail, standing.seconds));
            }
        }
        if let Some(standing) = of_audience {
            fields.push("audience", standing);
        }
        Ok(())
    }
}

fn rate_limited(detail: &str, seconds: u64) -> Problem {
    Problem::new(Kind::RateLimited, detail).with_header(RETRY_AFTER, seconds.into())
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use governor::clock::FakeRelativeClock;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn quota(requests: u32, per: Duration) -> Option<Quota> {
        Quota::new(NonZeroU32::new(requests)?, per).ok()
    }

    /// Whether a request is let in, and the `RateLimit` of its answer.
    fn ask(limiter: &Limiter<FakeRelativeClock>, account: &str) -> (bool, String) {
        let mut fields = Fields::default();
        let taken = limiter.take(&account.parse().unwrap(), &mut fields);
        let left = fields.into_value().map(|value| value.to_str().unwrap().to_owned());
        (taken.is_ok(), left.unwrap_or_default())
    }

    #[test]
    fn an_account_has_its_burst_at_once_and_then_what_flows_in() {
        let clock = FakeRelativeClock::default();
        let limits = Limits { account: quota(3, 6 * SECOND), audience: None };
        let limiter = Limiter::new(limits, &clock);
        let ask = || ask(&limiter, "tutor-7.a.org");

        assert_eq!(ask(), (true, r#""account";r=2;t=4"#.to_owned()));
        assert_eq!(ask(), (true, r#""account";r=1;t=2"#.to_owned()));
        assert_eq!(ask(), (true, r#""account";r=0;t=2"#.to_owned()));
        assert_eq!(ask(), (false, r#""account";r=0;t=2"#.to_owned()));
        clock.advance(Duration::from_millis(1_999));
        assert_eq!(ask(), (false, r#""account";r=0;t=1"#.to_owned()));
        clock.advance(Duration::from_millis(1));
        assert_eq!(ask(), (true, r#""account";r=0;t=2"#.to_owned()));
        assert!(!ask().0);
        clock.advance(60 * SECOND);
        assert_eq!(ask(), (true, r#""account";r=2;t=4"#.to_owned()), "no more than the burst");
    }

    #[test]
    fn accounts_do_not_spend_what_belongs_to_others() {
        let limits = Limits { account: quota(1, SECOND), audience: None };
        let limiter = Limiter::new(limits, &FakeRelativeClock::default());
        for account in ["tutor-7.a.org", "tutor-8.a.org", "tutor-7.b.org"] {
            assert!(ask(&limiter, account).0, "{account}");
            assert!(!ask(&limiter, account).0, "{account}");
        }
    }

    #[test]
    fn the_accounts_of_an_audience_share_its_quota() {
        let limits = Limits { account: None, audience: quota(2, SECOND) };
        let limiter = Limiter::new(limits, &FakeRelativeClock::default());
        assert!(ask(&limiter, "tutor-7.a.org").0);
        assert!(ask(&limiter, "tutor-8.a.org").0);
        assert_eq!(ask(&limiter, "tutor-9.a.org"), (false, r#""audience";r=0;t=1"#.to_owned()));
        assert!(ask(&limiter, "tutor-7.b.org").0);
    }

    #[test]
    fn what_an_account_is_refused_its_audience_does_not_pay_for() {
        let limits = Limits { account: quota(1, SECOND), audience: quota(2, SECOND) };
        let limiter = Limiter::new(limits, &FakeRelativeClock::default());
        assert!(ask(&limiter, "tutor-7.a.org").0);
        for _ in 0..10 {
            assert_eq!(ask(&limiter, "tutor-7.a.org"), (false, r#""account";r=0;t=1"#.to_owned()));
        }
        let left = r#""account";r=0;t=1, "audience";r=0;t=1"#;
        assert_eq!(ask(&limiter, "tutor-8.a.org"), (true, left.to_owned()));
    }

    #[test]
    fn what_an_audience_is_refused_its_accounts_neither_pay_for_nor_are_remembered_for() {
        let clock = FakeRelativeClock::default();
        let limits = Limits { account: quota(3, 600 * SECOND), audience: quota(1, SECOND) };
        let limiter = Limiter::new(limits, &clock);
        assert!(ask(&limiter, "tutor-7.a.org").0);
        for number in 0..1_000 {
            let refused = (false, r#""audience";r=0;t=1"#.to_owned());
            assert_eq!(ask(&limiter, &format!("fresh-{number}.a.org")), refused);
        }
        assert_eq!(limiter.account.as_ref().unwrap().len(), 1);
        clock.advance(SECOND);
        let left = r#""account";r=2;t=400, "audience";r=0;t=1"#;
        assert_eq!(ask(&limiter, "fresh-7.a.org"), (true, left.to_owned()));
    }

    #[test]
    fn nothing_is_counted_where_nothing_is_limited() {
        let limiter = Limiter::new(Limits::default(), &FakeRelativeClock::default());
        for _ in 0..1_000 {
            assert_eq!(ask(&limiter, "tutor-7.a.org"), (true, String::new()));
        }
        assert_eq!(limiter.policy, None);
    }

    #[test]
    fn the_policy_names_the_quotas() {
        let limits = Limits { account: quota(100, 2 * SECOND), audience: quota(7, 3 * SECOND / 2) };
        let limiter = Limiter::new(limits, &FakeRelativeClock::default());
        let policy = r#""account";q=100;w=2, "audience";q=7;w=2"#;
        assert_eq!(limiter.policy.unwrap(), policy);
    }
}
