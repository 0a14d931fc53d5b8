use std::time::Duration;

use anyhow::Result;

use super::super::figure::Figure;
use super::super::fixed_json::{FixedJson, Verifies};
use super::super::tokens::Es256Issuer;
use super::super::{Bench, chats};
use super::limits;
use crate::deployment::{DatabaseKind, Rooms};
use crate::measure::goal::Goal;
use crate::measure::scene::{CONNECTIONS, Scene};
use crate::measure::script::{Request, Script, Values};

/// More than can be verified.
const TOKENS_PER_SECOND: u64 = 60_000;

pub(super) async fn measure(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let issuer = Es256Issuer::new()?;
    let (database, rooms) = (DatabaseKind::Postgres, Rooms::OfAnotherProcessInMemory);
    let scene = Scene::start(&bench.plan.chats, database, rooms, &issuer.settings()).await?;
    let [chat, ..] = &chats::seed(&scene, super::warm_read::CHATS).await?[..] else {
        return Ok(vec![]);
    };
    let path = format!("/api/v1/chats/{chat}");
    let server = FixedJson::start(Verifies::Key(&issuer.key_file())).await?;

    // The limit remembers no token. So those that are new to the service do for both.
    let new_tokens = async |length: Duration| {
        let count = usize::try_from(TOKENS_PER_SECOND * length.as_secs())?;
        let request = Request { method: "GET", path: &path, token: "{}", body: None };
        Script::new(&request, Values::Once(&issuer.tokens(count)?))
    };
    let limit =
        async |length| limits::fixed_json(bench, &server, &new_tokens(length).await?, length).await;
    let service =
        async |length| scene.wrk(&bench.wrk, &new_tokens(length).await?, CONNECTIONS, length).await;
    let rounds = bench.rounds(&scene.servers(), limit, service).await?;
    Ok(vec![
        Figure::ratio("first_seen_token", rounds)
            .with_goal(Goal::AtLeast(0.9))
            .with_note("the limit verifies each token, and answers the fixed JSON"),
    ])
}
