use anyhow::Result;

use super::super::Bench;
use super::super::figure::Figure;
use super::super::fixed_json::{FixedJson, Verifies};
use crate::deployment::{OUR_TUTOR, token};
use crate::measure::scene::CONNECTIONS;
use crate::measure::script::{Request, Script, Values};
use crate::measure::turn::Turn;

/// The ceiling.
pub(super) async fn measure(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let server = FixedJson::start(Verifies::Nothing).await?;
    let token = token(OUR_TUTOR)?;
    let request = Request { method: "GET", path: "/api/v1/chats/{}", token: &token, body: None };
    let script = Script::new(&request, Values::Numbered("chat-"))?;
    let turn = async |length| {
        Turn::of(&[server.part()], bench.wrk.run(&server.url, &script, CONNECTIONS, length)).await
    };
    Ok(vec![Figure::rate("fixed_json", bench.rounds_alone(&[], turn).await?)])
}
