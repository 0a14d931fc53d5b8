//! The `RateLimit-Policy` and `RateLimit` fields of draft-ietf-httpapi-ratelimit-headers-11, sections 3
//! and 4: lists of strings with parameters (RFC 9651).

use std::fmt::Write;

use actix_web::http::header::HeaderValue;

use super::Quota;
use super::bucket::{Standing, whole_seconds};

/// The policy: of each quota that there is, the requests (`q`) and within how many seconds (`w`).
pub(super) fn policy(quotas: &[(&str, Option<Quota>)]) -> Option<HeaderValue> {
    let items = quotas.iter().filter_map(|(name, quota)| {
        let (requests, seconds) = (quota.as_ref()?.requests(), whole_seconds((*quota)?.per()));
        Some(format!(r#""{name}";q={requests};w={seconds}"#))
    });
    value(&items.collect::<Vec<_>>().join(", "))
}

/// How the caller stands under each quota: the requests that are left (`r`), and in how many seconds no
/// more than these may come (`t`).
///
/// A bucket fills all the time, so `t` is ours to choose (section 4.1.2). It is chosen such that `r` in
/// `t` is never more than the quota allows in the long run (section 6), and that `t` ends with
/// `Retry-After`.
#[derive(Default)]
pub(super) struct Fields(String);

impl Fields {
    pub(super) fn push(&mut self, name: &str, Standing { left, seconds, .. }: Standing) {
        let separator = if self.0.is_empty() { "" } else { ", " };
        // Writing to a string does not fail.
        let _ = write!(self.0, r#"{separator}"{name}";r={left};t={seconds}"#);
    }

    pub(super) fn into_value(self) -> Option<HeaderValue> {
        value(&self.0)
    }
}

fn value(items: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(items).ok().filter(|value| !value.is_empty())
}
