use serde::{Deserialize, Serialize};

use crate::api_error::ApiError;
use crate::rooms::RoomTime;

/// The member `time` of a body: two Unix seconds, either of which may be null as far as JSON goes.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct TimeMember(Option<i64>, Option<i64>);

impl TimeMember {
    pub(super) fn parse(self) -> Result<RoomTime, ApiError> {
        RoomTime::new(self.0, self.1).ok_or(ApiError::InvalidRoomTime)
    }
}
