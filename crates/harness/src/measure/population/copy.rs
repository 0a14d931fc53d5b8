//! Rows of the table in PostgreSQL's binary format for `COPY`, with the columns of [`COLUMNS`].

use super::Member;
use crate::deployment::OUR_TUTOR;

pub(super) const COLUMNS: &str =
    "id, audience, scope, tags, event_room_id, created_at, state, attempt, asked_by";

const COUNT: i16 = 9;

/// What comes before all rows: the signature, no flags, and no extension.
pub(super) const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// What comes after them: a row of -1 columns.
pub(super) const TRAILER: &[u8] = &(-1_i16).to_be_bytes();

/// PostgreSQL counts from the beginning of the year 2000 on.
const MILLIS_UNTIL_2000: u64 = 946_684_800_000;

/// Adds the row of a ready chat.
pub(super) fn add_row(rows: &mut Vec<u8>, member: &Member) {
    let micros = member.created_at_millis.saturating_sub(MILLIS_UNTIL_2000) * 1_000;
    rows.extend(COUNT.to_be_bytes());
    for column in [
        Some(member.id.as_bytes().as_slice()),
        Some(member.audience.as_bytes()),
        Some(member.scope.as_bytes()),
        member.tags.as_deref().map(str::as_bytes),
        Some(member.room.as_bytes()),
        Some(&micros.to_be_bytes()),
        Some(b"ready"),
        Some(&1_i64.to_be_bytes()),
        Some(OUR_TUTOR.as_bytes()),
    ] {
        // NULL is a value of -1 bytes.
        let length = column.map_or(-1, |value| i32::try_from(value.len()).unwrap_or(i32::MAX));
        rows.extend(length.to_be_bytes());
        rows.extend(column.unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::super::Population;
    use super::*;

    #[test]
    fn a_row_tells_the_length_of_each_value() {
        let member = Population { chats: 10 }.member(3);
        let mut row = Vec::new();
        add_row(&mut row, &member);
        assert_eq!(row[..6], [0, 9, 0, 0, 0, 16]);
        assert_eq!(&row[6..22], member.id.as_bytes());
        // It has no tags.
        let before_tags = 22 + 4 + member.audience.len() + 4 + member.scope.len();
        assert_eq!(row[before_tags..before_tags + 8], [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 16]);
    }
}
