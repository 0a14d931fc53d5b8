//! Faults on demand, for those who must live with the event service's.

mod connection;
mod strike;

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::http::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

pub(crate) use connection::Connection;
pub(crate) use strike::strike;

/// The switch of the service's faults. A clone is the same switch.
///
/// Faults strike calls that are authenticated. Each call takes the first fault that is meant for it.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<State>);

/// What goes wrong, on which calls, and how often.
///
/// In JSON all members stand side by side: `{"fault": "cut", "when": "after_work", "on": "open", "times": 1}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What goes wrong.
    #[serde(flatten)]
    pub misbehaviour: Misbehaviour,
    /// The calls that it strikes.
    #[serde(default)]
    pub on: Calls,
    /// How often it strikes; until it is cleared, if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<NonZeroU32>,
}

/// What goes wrong with a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
pub enum Misbehaviour {
    /// The call is worked on late, even if the client has left meanwhile.
    Delay {
        /// How late.
        millis: u64,
    },
    /// The call is not worked on, and answered with an error of the API.
    Refuse {
        /// The status.
        status: ErrorStatus,
        /// The error's type.
        #[serde(rename = "type")]
        kind: String,
    },
    /// The call is answered with an error, whether it was worked on or not.
    Fail {
        /// The status.
        status: ErrorStatus,
        /// The error's type; plain text as of a proxy, if `None`.
        #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
        kind: Option<String>,
        /// Whether the call is worked on.
        when: When,
    },
    /// The connection is closed with not a byte of an answer.
    Cut {
        /// Whether the call is worked on.
        when: When,
    },
    /// The call is worked on, and the connection is closed in the middle of the answer's body.
    Truncate {},
    /// The call is worked on, and the answer has the right status and a body that does not parse.
    Garble {},
    /// There is no answer until the faults are cleared or replaced; then the connection is closed.
    Hang {
        /// Whether the call is worked on.
        when: When,
    },
}

/// When a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Instead of the work, which is not done.
    BeforeWork,
    /// When the work is done.
    AfterWork,
}

/// Which calls a fault strikes, in the words of the port `EventRooms`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Calls {
    /// All of the API's, those on events too.
    #[default]
    Any,
    /// `POST /rooms`
    Open,
    /// `GET /rooms/{id}`
    Find,
    /// `PATCH /rooms/{id}`
    Bind,
}

/// A status from 400 to 599.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct ErrorStatus(StatusCode);

/// The number is no error's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an error has a status from 400 to 599")]
pub struct InvalidErrorStatus;

/// What a route is to a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Open,
    Find,
    Bind,
    Other,
}

/// A fault that strikes a call.
struct Struck {
    misbehaviour: Misbehaviour,
    /// Changes when the faults are cleared or replaced.
    lifted: watch::Receiver<()>,
}

#[derive(Debug, Default)]
struct State {
    faults: Mutex<Vec<Fault>>,
    lifted: watch::Sender<()>,
}

impl Faults {
    /// Has `fault` strike, and no other.
    pub fn set(&self, fault: Fault) {
        self.replace(vec![fault]);
    }

    /// Has `fault` strike the calls that no earlier fault strikes (any more).
    pub fn add(&self, fault: Fault) {
        self.lock().push(fault);
    }

    /// Has no fault strike. Calls that hang are cut.
    pub fn clear(&self) {
        self.replace(Vec::new());
    }

    /// The faults that are on, with how often each will still strike.
    #[must_use]
    pub fn list(&self) -> Vec<Fault> {
        self.lock().clone()
    }

    fn replace(&self, faults: Vec<Fault>) {
        let mut current = self.lock();
        *current = faults;
        self.0.lifted.send_replace(());
    }

    /// The fault that strikes `call`, if any does, counted as one strike.
    fn take(&self, call: Call) -> Option<Struck> {
        let mut faults = self.lock();
        let index = faults.iter().position(|fault| fault.on.include(call))?;
        let fault = &mut faults[index];
        let misbehaviour = fault.misbehaviour.clone();
        if let Some(times) = fault.times {
            match NonZeroU32::new(times.get() - 1) {
                Some(left) => fault.times = Some(left),
                None => drop(faults.remove(index)),
            }
        }
        // Subscribed under the lock, so that no lifting goes unseen.
        let lifted = self.0.lifted.subscribe();
        Some(Struck { misbehaviour, lifted })
    }

    /// A list of faults has no half-way state that a panic could leave.
    fn lock(&self) -> MutexGuard<'_, Vec<Fault>> {
        let faults = &self.0.faults;
        faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Misbehaviour {
    /// This fault on these calls, until it is cleared.
    #[must_use]
    pub fn on(self, on: Calls) -> Fault {
        Fault { misbehaviour: self, on, times: None }
    }
}

impl Fault {
    /// The same fault, but once.
    #[must_use]
    pub fn once(self) -> Self {
        Self { times: Some(NonZeroU32::MIN), ..self }
    }
}

impl Calls {
    fn include(self, call: Call) -> bool {
        match self {
            Self::Any => true,
            Self::Open => call == Call::Open,
            Self::Find => call == Call::Find,
            Self::Bind => call == Call::Bind,
        }
    }
}

impl TryFrom<u16> for ErrorStatus {
    type Error = InvalidErrorStatus;

    fn try_from(status: u16) -> Result<Self, InvalidErrorStatus> {
        StatusCode::from_u16(status)
            .ok()
            .filter(|status| status.is_client_error() || status.is_server_error())
            .map(Self)
            .ok_or(InvalidErrorStatus)
    }
}

impl From<ErrorStatus> for u16 {
    fn from(status: ErrorStatus) -> Self {
        status.0.as_u16()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUT: Misbehaviour = Misbehaviour::Cut { when: When::AfterWork };

    #[test]
    fn a_call_takes_the_first_fault_that_is_meant_for_it() {
        let faults = Faults::default();
        faults.add(Misbehaviour::Truncate {}.on(Calls::Bind));
        faults.add(CUT.on(Calls::Any).once());
        faults.add(Misbehaviour::Garble {}.on(Calls::Open));

        let struck = |call| faults.take(call).map(|struck| struck.misbehaviour);
        assert_eq!(struck(Call::Open), Some(CUT));
        assert_eq!(struck(Call::Open), Some(Misbehaviour::Garble {}));
        assert_eq!(struck(Call::Bind), Some(Misbehaviour::Truncate {}));
        assert_eq!(struck(Call::Find), None);
        assert_eq!(struck(Call::Other), None);
        assert_eq!(faults.list().len(), 2);
    }

    #[test]
    fn in_json_all_members_stand_side_by_side() {
        let json = r#"{"fault":"cut","when":"after_work","on":"open","times":1}"#;
        let fault: Fault = serde_json::from_str(json).unwrap();
        assert_eq!(fault, CUT.on(Calls::Open).once());
        assert_eq!(serde_json::to_string(&fault).unwrap(), json);

        let fault: Fault = serde_json::from_str(r#"{"fault":"garble"}"#).unwrap();
        assert_eq!(fault, Misbehaviour::Garble {}.on(Calls::Any));
    }

    #[test]
    fn a_fault_that_makes_no_sense_is_refused() {
        for json in [
            r#"{"fault":"cut"}"#,
            r#"{"fault":"cut","when":"after_work","wehn":1}"#,
            r#"{"fault":"garble","when":"after_work"}"#,
            r#"{"fault":"explode"}"#,
            r#"{"fault":"garble","times":0}"#,
            r#"{"fault":"garble","on":"close"}"#,
            r#"{"fault":"fail","status":200,"when":"after_work"}"#,
        ] {
            assert!(serde_json::from_str::<Fault>(json).is_err(), "{json}");
        }
    }
}
