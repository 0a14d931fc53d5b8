use std::collections::BTreeSet;
use std::sync::Arc;

use fastrand::Rng;
use uuid::Uuid;

use crate::crash::record::{Answer, Ask, Chat, Post};

/// What the clients know of the chats and rooms that there are: what to repeat, to read, to convert.
pub(super) struct Known {
    acknowledged: Vec<(Post, Arc<Chat>)>,
    scopes: BTreeSet<String>,
    /// What was answered with trouble, the last of it.
    unsettled: Vec<Post>,
    rooms: Vec<RoomBefore>,
}

/// A room that was opened by others than the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RoomBefore {
    /// `None` if it was not told: it may or may not be there.
    pub(crate) id: Option<Uuid>,
    /// What it was bound to.
    pub(crate) classroom_id: Uuid,
    /// Whether it belongs to another audience.
    pub(crate) is_strange: bool,
}

/// How many requests that were answered with trouble are remembered to be repeated.
const MOST_UNSETTLED: usize = 50;

impl Known {
    pub(super) fn with(rooms: Vec<RoomBefore>) -> Self {
        let (acknowledged, unsettled) = (Vec::new(), Vec::new());
        Self { acknowledged, scopes: BTreeSet::new(), unsettled, rooms }
    }

    pub(super) fn learn(&mut self, ask: &Ask, answer: &Answer, dice: &mut Rng) {
        let Ask::Post(post) = ask else { return };
        match answer {
            Answer::Chat { chat, .. } => {
                if self.scopes.insert(post.scope.clone()) {
                    self.acknowledged.push((post.clone(), Arc::clone(chat)));
                }
            }
            Answer::Problem { status: 409 | 422, .. } => {}
            // Most that were refused are never asked for again: then there must be nothing of them.
            Answer::Problem { status: 502, .. } if dice.usize(0..4) > 0 => {}
            _ => {
                if self.unsettled.len() == MOST_UNSETTLED {
                    self.unsettled.swap_remove(dice.usize(0..MOST_UNSETTLED));
                }
                self.unsettled.push(post.clone());
            }
        }
    }

    /// A chat that was acknowledged, with what it was asked for by.
    pub(super) fn any_acknowledged(&self, dice: &mut Rng) -> Option<(Post, Arc<Chat>)> {
        dice.choice(&self.acknowledged).cloned()
    }

    /// A request that was answered with trouble.
    pub(super) fn any_unsettled(&self, dice: &mut Rng) -> Option<Post> {
        dice.choice(&self.unsettled).cloned()
    }

    /// A room of another audience.
    pub(super) fn any_strange_room(&self, dice: &mut Rng) -> Option<Uuid> {
        dice.choice(self.rooms.iter().filter(|room| room.is_strange).collect::<Vec<_>>())?.id
    }

    /// Notes a room that is being opened.
    pub(super) fn add_room(&mut self, classroom_id: Uuid) {
        self.rooms.push(RoomBefore { id: None, classroom_id, is_strange: false });
    }

    /// Notes that the room is open.
    pub(super) fn room_is_open(&mut self, classroom_id: Uuid, id: Uuid) {
        let room = self.rooms.iter_mut().rev().find(|room| room.classroom_id == classroom_id);
        if let Some(room) = room {
            room.id = Some(id);
        }
    }

    pub(super) fn rooms_before(&self) -> Vec<RoomBefore> {
        self.rooms.clone()
    }
}
