use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use crate::deployment::{Deployment, Part};

/// How the event service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Condition {
    /// It answers.
    Healthy,
    /// Its process is gone: connections are refused.
    PortClosed,
    /// It takes calls, and answers none of them.
    Hanging,
}

impl Condition {
    pub(super) const ALL: [Self; 3] = [Self::Healthy, Self::PortClosed, Self::Hanging];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::PortClosed => "port closed",
            Self::Hanging => "hanging",
        }
    }

    /// After how long under load things stay as they are: where calls hang, that is when the first
    /// creates have been given up, so that as many come as go.
    pub(super) fn warm_up(self) -> Duration {
        match self {
            Self::Healthy | Self::PortClosed => Duration::from_secs(2),
            Self::Hanging => Duration::from_secs(9),
        }
    }

    /// How long a create may take, until the chat or the `503` is there.
    pub(super) fn longest_create(self) -> Duration {
        match self {
            Self::PortClosed => Duration::from_secs(1),
            // The platform's clients give up after ten seconds.
            Self::Healthy | Self::Hanging => Duration::from_secs(10),
        }
    }

    /// The one status that creates are to have.
    pub(super) fn status_of_creates(self) -> u16 {
        match self {
            Self::Healthy => 201,
            Self::PortClosed | Self::Hanging => 503,
        }
    }

    /// Has the event service be so, whatever it was before: its process is another one.
    pub(super) async fn bring_about(self, deployment: &mut Deployment) -> Result<()> {
        deployment.kill(Part::EventService).await?;
        if self == Self::PortClosed {
            return Ok(());
        }
        deployment.start_again(Part::EventService).await?;
        if self == Self::Hanging {
            let fault = json!({"fault": "hang", "when": "before_work"});
            deployment.event_service().set_faults(&[fault]).await?;
        }
        Ok(())
    }
}
