//! What must always hold, looked at when everything has come to rest.

use std::collections::BTreeSet;

use chats_domain::chat::{Chat, ChatState};
use chats_domain::use_cases::{CreateError, Creation};
use chats_domain::values::EventRoomId;

use super::run::{Answered, Run};
use super::{Ask, audience};

/// Checks all of it. Returns the first that does not hold.
pub(super) fn check(run: &Run<'_>) -> Result<(), String> {
    let mut chats = run.database.all();
    chats.sort_by_key(|chat| chat.id);
    answers_stay_true(run, &chats)?;
    keys_and_rooms_are_unique(&chats)?;
    rooms_carry_their_chats(run, &chats)?;
    everything_is_finished(run, &chats)?;
    refused_requests_left_nothing(run, &chats)
}

fn answers_stay_true(run: &Run<'_>, chats: &[Chat]) -> Result<(), String> {
    for Answered { request, answer, .. } in &run.answers {
        let Ok(Creation::Created(said) | Creation::Existing(said)) = answer else { continue };
        ensure(chats.contains(said), || format!("(1) it was answered {said:?}"))?;
        let (scope, tags, room) = match &run.plan.requests[*request].1 {
            Ask::Create(asked) => (&asked.scope, &asked.tags, None),
            Ask::Convert(asked) => (&asked.scope, &asked.tags, Some(asked.event_room)),
        };
        let is_what_was_asked = said.scope == *scope
            && said.tags == *tags
            && said.event_room().is_some()
            && (room.is_none() || said.event_room() == room);
        ensure(is_what_was_asked, || format!("(1) the request {request} was answered {said:?}"))?;
    }
    Ok(())
}

fn keys_and_rooms_are_unique(chats: &[Chat]) -> Result<(), String> {
    let (mut keys, mut rooms) = (BTreeSet::new(), BTreeSet::new());
    for chat in chats {
        let key = (&chat.audience, &chat.scope);
        ensure(keys.insert(key), || format!("(2) two chats have the key of {chat:?}"))?;
        if let Some(room) = room_of(chat) {
            ensure(rooms.insert(room), || format!("(2) two chats have the room of {chat:?}"))?;
        }
    }
    Ok(())
}

fn rooms_carry_their_chats(run: &Run<'_>, chats: &[Chat]) -> Result<(), String> {
    let rooms = run.service.rooms();
    for chat in chats {
        let Some(room) = chat.event_room() else { continue };
        let carries_it = rooms.get(&room).is_some_and(|room| room.bound_to == Some(chat.id));
        ensure(carries_it, || format!("(3) {chat:?} stands on {:?}", rooms.get(&room)))?;
    }
    for (id, before) in &run.plan.rooms {
        let untouched = rooms.get(id) == Some(before);
        let is_ours = before.audience == audience();
        ensure(is_ours || untouched, || format!("the room {id} of another audience was bound"))?;
    }
    Ok(())
}

fn everything_is_finished(run: &Run<'_>, chats: &[Chat]) -> Result<(), String> {
    let opening = chats.iter().find(|chat| chat.event_room().is_none());
    ensure(opening.is_none(), || format!("(4) it is opening: {opening:?}"))?;
    for (id, room) in run.service.rooms() {
        if run.plan.rooms.iter().any(|(before, state)| *before == id && *state == room) {
            continue;
        }
        let has_its_chat = |chat: &Chat| Some(chat.id) == room.bound_to;
        let chat = chats.iter().find(|chat| has_its_chat(chat));
        let is_known = if run.plan.tolerates_orphans {
            // A room more for a chat can be found by what it carries.
            chat.is_some()
        } else {
            chat.is_some_and(|chat| chat.event_room() == Some(id))
        };
        ensure(is_known, || format!("(4) no chat stands on the room {id}, {room:?}"))?;
    }
    Ok(())
}

/// A request that was refused chose identifiers for chats; none of them may be anywhere. One that was told
/// that the event service is unavailable was refused, too, unless it was left in doubt, or another attempt had
/// taken over its chat.
fn refused_requests_left_nothing(run: &Run<'_>, chats: &[Chat]) -> Result<(), String> {
    let rooms = run.service.rooms();
    for Answered { answer, chosen, taken_over, in_doubt, failed, .. } in &run.answers {
        let Err(error) = answer else { continue };
        let (refused, may_be_taken_over) = match error {
            CreateError::EventServiceUnavailable(_) => (!in_doubt, true),
            CreateError::StoreUnavailable(_) => (false, true),
            CreateError::Failed(_) if *failed => (false, true),
            CreateError::AccessDenied
            | CreateError::AccessUnavailable(_)
            | CreateError::EventServiceRejected(_)
            | CreateError::AlreadyExists(_)
            | CreateError::EventRoomNotFound
            | CreateError::EventRoomTaken => (true, false),
            CreateError::Failed(_) => return Err(format!("it failed: {error:?}")),
        };
        for id in chosen.iter().filter(|_| refused) {
            if may_be_taken_over && taken_over.contains(id) {
                continue;
            }
            let left = chats.iter().any(|chat| chat.id == *id)
                || rooms.values().any(|room| room.bound_to == Some(*id));
            ensure(!left, || format!("(5) {error:?} left the chat {id} behind"))?;
        }
    }
    Ok(())
}

/// The room that the chat has for itself, opening or ready.
fn room_of(chat: &Chat) -> Option<EventRoomId> {
    match chat.state {
        ChatState::Opening(opening) => opening.existing_room,
        ChatState::Ready(room) => Some(room),
    }
}

fn ensure(holds: bool, message: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(message()) }
}
