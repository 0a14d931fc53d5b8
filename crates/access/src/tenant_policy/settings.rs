use std::collections::HashSet;
use std::num::NonZeroU16;
use std::time::Duration;

use chats_domain::values::{Account, Audience};
use url::Url;

use crate::HttpClientError;

/// How a tenant is asked, and for how long its answers are good.
#[derive(Debug, Clone)]
pub struct TenantPolicySettings {
    /// The audience that the tenant decides for.
    pub audience: Audience,
    /// Where it is asked: `http` or `https`, without a user or a fragment.
    pub uri: Url,
    /// Root certificates, in PEM, that are trusted besides those of the system.
    pub extra_roots: Option<Vec<u8>>,
    /// Accounts that may do everything without being asked about, of any audience.
    pub trusted: HashSet<Account>,
    /// How long one try may take, from waiting for a place to the end of the answer.
    pub timeout: Duration,
    /// How often a question is tried again, at once, after a time-out, a broken connection or a 5xx.
    pub retries: u8,
    /// How many questions may be under way, of which those about accounts of other audiences are a quarter
    /// at the most, or one; and of these, one about accounts of the same audience. Further ones wait for a
    /// place.
    pub concurrency: NonZeroU16,
    /// How long a *yes* is kept; zero keeps none.
    pub cache_yes: Duration,
    /// How long a *no* to an account of the audience is kept; zero keeps none. One to an account of
    /// another audience is never kept.
    pub cache_no: Duration,
    /// How many answers are kept.
    pub cache_size: u32,
}

/// Why there is no policy with these settings.
#[derive(Debug, thiserror::Error)]
pub enum TenantPolicyError {
    /// The URI is not where a tenant can be asked.
    #[error("the URI {0}")]
    Uri(&'static str),
    /// The time-out is zero.
    #[error("the time-out is zero")]
    Timeout,
    /// There is no async runtime to keep the connections.
    #[error("there is no tokio runtime here")]
    NoRuntime(#[source] tokio::runtime::TryCurrentError),
    /// There is no HTTP client for the tenant.
    #[error(transparent)]
    HttpClient(#[from] HttpClientError),
}

impl TenantPolicySettings {
    /// The settings of a policy that asks at `uri` for `audience`, where nothing else is said.
    #[must_use]
    pub fn new(audience: Audience, uri: Url) -> Self {
        Self {
            audience,
            uri,
            extra_roots: None,
            trusted: HashSet::new(),
            timeout: Duration::from_secs(2),
            retries: 1,
            concurrency: const { NonZeroU16::new(32).unwrap() },
            cache_yes: Duration::from_mins(1),
            cache_no: Duration::from_secs(10),
            cache_size: 10_000,
        }
    }

    /// The longest that a caller waits for an answer.
    #[must_use]
    pub fn longest_wait(&self) -> Duration {
        self.timeout.saturating_mul(u32::from(self.retries) + 1)
    }

    pub(super) fn check(&self) -> Result<(), TenantPolicyError> {
        if !matches!(self.uri.scheme(), "http" | "https") {
            return Err(TenantPolicyError::Uri("is neither http nor https"));
        }
        if !self.uri.username().is_empty() || self.uri.password().is_some() {
            return Err(TenantPolicyError::Uri("names a user"));
        }
        if self.uri.fragment().is_some() {
            return Err(TenantPolicyError::Uri("has a fragment"));
        }
        if self.timeout.is_zero() {
            return Err(TenantPolicyError::Timeout);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(uri: &str) -> TenantPolicySettings {
        TenantPolicySettings::new("school.example.org".parse().unwrap(), uri.parse().unwrap())
    }

    #[test]
    fn a_tenant_is_asked_over_http_and_by_no_name_but_ours() {
        for (uri, fits) in [
            ("https://school.example.org/authz", true),
            ("http://127.0.0.1:8081/authz?version=1", true),
            ("ftp://school.example.org", false),
            ("unix:/run/authz", false),
            ("https://chats:secret@school.example.org", false),
            ("https://:secret@school.example.org", false),
            ("https://school.example.org/#authz", false),
        ] {
            let checked = settings(uri).check();
            assert_eq!(checked.is_ok(), fits, "{uri}");
            if let Err(error) = checked {
                assert!(matches!(error, TenantPolicyError::Uri(_)));
                assert!(!error.to_string().contains("secret"));
            }
        }
    }

    #[test]
    fn a_try_takes_time() {
        let settings = TenantPolicySettings {
            timeout: Duration::ZERO,
            ..settings("https://school.example.org")
        };
        assert!(matches!(settings.check(), Err(TenantPolicyError::Timeout)));
    }

    #[test]
    fn a_caller_waits_for_all_tries() {
        for (timeout, retries, longest) in [
            (Duration::from_secs(2), 0, Duration::from_secs(2)),
            (Duration::from_secs(2), 2, Duration::from_secs(6)),
            (Duration::from_millis(1), 255, Duration::from_millis(256)),
            (Duration::MAX, 1, Duration::MAX),
        ] {
            let settings =
                TenantPolicySettings { timeout, retries, ..settings("https://school.example.org") };
            assert_eq!(settings.longest_wait(), longest);
        }
    }
}
