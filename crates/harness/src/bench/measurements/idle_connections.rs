use std::cell::Cell;
use std::io::ErrorKind;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::super::figure::{Figure, Unit};
use super::super::{Bench, chats};
use super::warm_read;
use crate::deployment::{DatabaseKind, Rooms};
use crate::measure::goal::Goal;
use crate::measure::open_files::allow_open_files;
use crate::measure::proc::Memory;
use crate::measure::scene::{CONNECTIONS, Scene};
use crate::statistics::Spread;

/// How many connections are idle.
const IDLE: u32 = 10_000;

/// What a process has open besides.
const OTHER_FILES: u64 = 500;

/// The others' latency with and without connections on which nothing happens, each of which has sent a
/// request before, and the memory that they take.
pub(super) async fn measure(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    // The service, which is started from here, gets the same limit.
    allow_open_files(u64::from(IDLE) + OTHER_FILES)?;
    let scene = Scene::start(
        &bench.plan.chats,
        DatabaseKind::Postgres,
        Rooms::OfAnotherProcessInMemory,
        "",
    )
    .await?;
    let ids = chats::seed(&scene, warm_read::CHATS).await?;
    let chat = ids.first().context("there is no chat")?;
    let script = scene.reads(&ids)?;

    let most = Cell::new(Memory { resident_mib: 0.0, most_resident_mib: 0.0 });
    let limit = async |length| {
        Ok(("without them", scene.wrk(&bench.wrk, &script, CONNECTIONS, length).await?))
    };
    let service = async |length| {
        let idle = connect(&scene, chat).await?;
        let turn = scene.wrk(&bench.wrk, &script, CONNECTIONS, length).await?;
        let memory = scene.memory()?;
        if memory.resident_mib > most.get().resident_mib {
            most.set(memory);
        }
        all_are_open(&idle)?;
        Ok(turn)
    };
    let rounds = bench.rounds(&scene.servers(), limit, service).await?;
    let p50 = (Unit::Ratio, rounds.p50_ratio());
    let resident = Spread::of([most.get().resident_mib]);
    Ok(vec![
        Figure { value: Some(p50), ..Figure::rate("idle_connections", rounds) }
            .with_goal(Goal::AtMost(1.1))
            .with_note(format!("p50 of warm reads with {IDLE} idle connections to that without")),
        Figure::of("idle_connections_memory", Unit::Mebibytes, resident)
            .with_goal(Goal::Under(150.0)),
    ])
}

/// Opens the connections, and sends a request on each.
async fn connect(scene: &Scene, chat: &str) -> Result<Vec<TcpStream>> {
    let address = scene.url.trim_start_matches("http://");
    let request = format!(
        "GET /api/v1/chats/{chat} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\r\n",
        scene.token
    );
    let mut connections = Vec::new();
    for _ in 0..IDLE {
        let mut connection = TcpStream::connect(address).await?;
        connection.write_all(request.as_bytes()).await?;
        // The answer comes in one piece, and is shorter than this.
        let mut answer = [0; 4_096];
        let length = connection.read(&mut answer).await?;
        ensure!(answer[..length].starts_with(b"HTTP/1.1 200"), "a connection got no chat");
        connections.push(connection);
    }
    Ok(connections)
}

fn all_are_open(connections: &[TcpStream]) -> Result<()> {
    for connection in connections {
        match connection.try_read(&mut [0]) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            _ => bail!("the service closed an idle connection"),
        }
    }
    Ok(())
}
