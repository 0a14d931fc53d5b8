//! One chat for one key, whoever asks and however often: reserve it, or meet the one that is there.

use std::time::Duration;

use futures_util::future::select;

use super::deadline::Deadline;
use super::open::{Opened, Ours};
use super::{Chats, CreateError};
use crate::chat::{Attempt, Chat, ChatState, Opening};
use crate::ports::{Reservation, Reserved};
use crate::values::{Account, Audience, EventRoomId, Scope, Tags};

/// What came of a request for a chat.
#[derive(Debug, Clone, PartialEq)]
pub enum Creation {
    /// This request made the chat.
    Created(Chat),
    /// The chat was there, or another request made it meanwhile.
    Existing(Chat),
}

/// The chat that a request wants to be there.
pub(super) struct Wanted {
    pub(super) audience: Audience,
    pub(super) scope: Scope,
    pub(super) tags: Option<Tags>,
    /// The room that it is to stand on; `None` for a new one.
    pub(super) room: Option<EventRoomId>,
    pub(super) asked_by: Account,
}

/// How long to wait before looking again for a chat that another instance opens. It doubles.
const FIRST_LOOK: Duration = Duration::from_millis(20);
const LONGEST_LOOK: Duration = Duration::from_millis(500);

impl Chats {
    /// Makes the wanted chat, or finds the one that has its key.
    pub(super) async fn place(
        &self,
        wanted: Wanted,
        mut deadline: Deadline<'_>,
    ) -> Result<Creation, CreateError> {
        let mut doubt = None;
        let placed = self.place_in_time(&wanted, &mut deadline, &mut doubt).await;
        match doubt {
            // What the time went into is of more use than what was under way when it ended.
            Some(doubt) if deadline.is_over() => placed.map_err(|_| doubt),
            _ => placed,
        }
    }

    /// Leaves in `doubt` what to tell the caller if the time ends: why the last try did not tell what came of
    /// it, or else that someone else is opening the chat.
    async fn place_in_time(
        &self,
        wanted: &Wanted,
        deadline: &mut Deadline<'_>,
        doubt: &mut Option<CreateError>,
    ) -> Result<Creation, CreateError> {
        let mut tries = 0;
        let mut look_after = FIRST_LOOK;
        // A convert looks first, so that a repeat is answered without the event service; whoever has
        // met a chat looks before it tries to reserve again, for that is a write. Looking decides
        // nothing: if there is no chat now, there may be one by the time of the reservation.
        let mut look_first = wanted.room.is_some();
        loop {
            let start = self.start(wanted, look_first, deadline).await?;
            look_first = true;
            let ours = match start {
                Start::Ours(ours) => ours,
                Start::Met(met) => match self.meet(wanted, met, deadline).await? {
                    Met::Existing(chat) => return Ok(Creation::Existing(chat)),
                    Met::TakenOver(ours) => ours,
                    Met::Opening(chat, opening) => {
                        let late = wanted.not_met_in_time(&chat, opening);
                        let sign = self.sign_of(&chat, opening, look_after);
                        if deadline.wait_for(sign).await.is_err() {
                            return Err(late);
                        }
                        doubt.get_or_insert(late);
                        look_after = LONGEST_LOOK.min(look_after * 2);
                        continue;
                    }
                },
            };
            tries += 1;
            match self.open(ours, deadline).await? {
                Opened::Ready(chat) => return Ok(Creation::Created(chat)),
                Opened::InDoubt(error) if tries >= self.settings.tries => return Err(error),
                Opened::InDoubt(error) => {
                    *doubt = Some(error);
                    // It was ours: nobody opens it before the pause, or else the lease, is over.
                    look_after = LONGEST_LOOK;
                }
                Opened::Overtaken => {}
            }
        }
    }

    /// Reserves the wanted chat. The store's unique keys alone decide whether it can be.
    async fn start(
        &self,
        wanted: &Wanted,
        look_first: bool,
        deadline: &mut Deadline<'_>,
    ) -> Result<Start, CreateError> {
        let store = &self.ports.store;
        if look_first {
            let found = deadline.bound(store.find_by_key(&wanted.audience, &wanted.scope)).await?;
            if let Some(chat) = found {
                return Ok(Start::Met(chat));
            }
        }
        if let Some(room) = wanted.room {
            self.check_room(room, wanted, deadline).await?;
        }

        let now = self.ports.clock.now();
        let reservation = Reservation {
            id: self.ports.ids.next(),
            audience: wanted.audience.clone(),
            scope: wanted.scope.clone(),
            tags: wanted.tags.clone(),
            existing_room: wanted.room,
            asked_by: wanted.asked_by.clone(),
            created_at: now,
            lease_until: now.plus(self.settings.lease),
        };
        // It is in flight before anyone can meet it.
        let flight = self.in_flight.start(reservation.id, Attempt::FIRST);
        match deadline.bound(store.reserve(&reservation)).await? {
            Reserved::Made => Ok(Start::Ours(Ours {
                chat: reservation.to_chat(),
                opening: reservation.to_opening(),
                flight,
            })),
            Reserved::KeyTaken(chat) => Ok(Start::Met(chat)),
            Reserved::RoomTaken => Err(CreateError::EventRoomTaken),
        }
    }

    /// Finds what to do with the chat that has the wanted one's key.
    async fn meet(
        &self,
        wanted: &Wanted,
        met: Chat,
        deadline: &mut Deadline<'_>,
    ) -> Result<Met, CreateError> {
        match met.state {
            ChatState::Ready(room) if wanted.is_met_by(&met, Some(room)) => Ok(Met::Existing(met)),
            ChatState::Opening(opening) if wanted.is_met_by(&met, opening.existing_room) => {
                match self.take_over(&met, opening, deadline).await? {
                    Some(ours) => Ok(Met::TakenOver(ours)),
                    None => Ok(Met::Opening(met, opening)),
                }
            }
            // It says something else, but may yet go: then the key is free.
            ChatState::Opening(opening) if self.may_be_refused(opening) => {
                Ok(Met::Opening(met, opening))
            }
            _ => Err(CreateError::AlreadyExists(met.id)),
        }
    }

    /// Checks that a room may become a chat, before anything is reserved.
    ///
    /// So a stranger to the room learns nothing of it, and never holds it even for a moment. A room's
    /// audience never changes: the answer stays true for all attempts on the reservation.
    async fn check_room(
        &self,
        room: EventRoomId,
        wanted: &Wanted,
        deadline: &mut Deadline<'_>,
    ) -> Result<(), CreateError> {
        let room = deadline
            .bound(self.ports.rooms.find(room))
            .await?
            .filter(|room| room.audience == wanted.audience)
            .ok_or(CreateError::EventRoomNotFound)?;

        // While a chat is opening, its new room may be known to the event service alone. Rooms are
        // bound to other things of the platform too: only a chat of ours makes a room taken.
        if let Some(chat) = room.bound_to
            && let Some(chat) = deadline.bound(self.ports.store.find(chat)).await?
            && !wanted.has_the_key_of(&chat)
        {
            return Err(CreateError::EventRoomTaken);
        }
        Ok(())
    }

    /// Starts the next attempt on a chat whose lease has run out, unless someone else just did.
    async fn take_over(
        &self,
        chat: &Chat,
        opening: Opening,
        deadline: &mut Deadline<'_>,
    ) -> Result<Option<Ours>, CreateError> {
        let now = self.ports.clock.now();
        if !opening.lease_expired(now) {
            return Ok(None);
        }
        let lease_until = now.plus(self.settings.lease);
        let taken = self.ports.store.take_over(chat.id, opening.attempt, now, lease_until);
        Ok(deadline.bound(taken).await?.map(|attempt| Ours {
            chat: chat.clone(),
            opening: Opening { attempt, lease_until, ..opening },
            flight: self.in_flight.start(chat.id, attempt),
        }))
    }

    /// Whether the chat may go again: the attempt under way is the first, and only that gives up.
    fn may_be_refused(&self, opening: Opening) -> bool {
        opening.attempt.is_first() && !opening.lease_expired(self.ports.clock.now())
    }

    /// A sign of a chat that someone else is opening: the end of an opening in this process, the end of
    /// the lease, or merely time to look again.
    fn sign_of(
        &self,
        chat: &Chat,
        opening: Opening,
        look_after: Duration,
    ) -> impl Future<Output = ()> + use<> {
        let lease = opening.lease_until.since(self.ports.clock.now());
        let end = self.in_flight.end_of(chat.id, opening.attempt);
        let look_after = if end.is_some() { lease } else { lease.min(look_after) };
        let look_after = look_after.max(FIRST_LOOK);
        let look = self.ports.clock.sleep(look_after);
        async move {
            match end {
                Some(end) => drop(select(end, look).await),
                None => look.await,
            }
        }
    }
}

/// What a request for a chat begins with.
enum Start {
    /// The chat is ours to open.
    Ours(Ours),
    /// Another request was earlier.
    Met(Chat),
}

/// What a request finds that was not the first.
enum Met {
    /// The wanted chat, ready.
    Existing(Chat),
    /// The wanted chat, whose next attempt is ours.
    TakenOver(Ours),
    /// A chat that someone else is opening.
    Opening(Chat, Opening),
}

#[derive(Debug, thiserror::Error)]
#[error("the chat is still opening")]
struct StillOpening;

impl Wanted {
    /// Whether `chat` says the same. It stands on `room`, or, if that is `None`, on a new one to come.
    fn is_met_by(&self, chat: &Chat, room: Option<EventRoomId>) -> bool {
        self.tags == chat.tags && (self.room.is_none() || self.room == room)
    }

    /// Why a request that waited for `chat` did not get what it wants.
    fn not_met_in_time(&self, chat: &Chat, opening: Opening) -> CreateError {
        if self.is_met_by(chat, opening.existing_room) {
            CreateError::EventServiceUnavailable(StillOpening.into())
        } else {
            CreateError::AlreadyExists(chat.id)
        }
    }

    fn has_the_key_of(&self, chat: &Chat) -> bool {
        self.audience == chat.audience && self.scope == chat.scope
    }
}
