use std::io::Cursor;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures_util::SinkExt;
use tokio_postgres::Client;

use super::Population;
use super::copy::{COLUMNS, HEADER, TRAILER, add_row};
use crate::deployment::connect;

/// How many rows are sent at once.
const BATCH: usize = 5_000;

/// What the table's indexes are sorted in: with less, in more passes.
const MEMORY_TO_SORT: &str = "512MB";

/// Puts a population into the service's empty table. Returns how long it took.
///
/// All indexes are taken away meanwhile and built at once in the end, sorted, as when a backup is restored: row by
/// row, those whose keys come in no order would be read and written all over again for each.
pub(crate) async fn seed(url: &str, population: Population) -> Result<Duration> {
    let began = Instant::now();
    let client = connect(url).await?;
    let indexes = Index::all(&client).await?;
    for index in &indexes {
        client.batch_execute(&index.drop).await?;
    }
    copy(&client, population).await?;
    client.batch_execute(&format!("SET maintenance_work_mem = '{MEMORY_TO_SORT}'")).await?;
    for index in &indexes {
        client.batch_execute(&index.create).await?;
    }
    // Later they would be in the way.
    client.batch_execute("VACUUM ANALYZE chat").await?;
    client.batch_execute("CHECKPOINT").await?;
    Ok(began.elapsed())
}

/// How an index goes, and comes back as it was.
struct Index {
    drop: String,
    create: String,
}

impl Index {
    /// All of the table, as the server tells them: those of keys, then the others.
    async fn all(client: &Client) -> Result<Vec<Self>> {
        let keys = "
            SELECT format('ALTER TABLE chat DROP CONSTRAINT %I', conname),
                   format('ALTER TABLE chat ADD CONSTRAINT %I %s', conname, pg_get_constraintdef(oid))
            FROM pg_constraint WHERE conrelid = 'chat'::regclass AND contype IN ('p', 'u')
            ORDER BY conname";
        let others = "
            SELECT format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
            FROM pg_index
            WHERE indrelid = 'chat'::regclass
              AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
            ORDER BY 1";
        let rows = [client.query(keys, &[]).await?, client.query(others, &[]).await?].concat();
        rows.iter().map(|row| Ok(Self { drop: row.try_get(0)?, create: row.try_get(1)? })).collect()
    }
}

async fn copy(client: &Client, population: Population) -> Result<()> {
    let copy = format!("COPY chat ({COLUMNS}) FROM STDIN (FORMAT binary)");
    let sink = client.copy_in::<_, Cursor<Vec<u8>>>(&copy).await?;
    let mut sink = Box::pin(sink);
    sink.send(Cursor::new(HEADER.to_vec())).await?;
    let numbers: Vec<_> = (0..population.chats).collect();
    for numbers in numbers.chunks(BATCH) {
        let mut rows = Vec::new();
        for number in numbers {
            add_row(&mut rows, &population.member(*number));
        }
        sink.send(Cursor::new(rows)).await?;
    }
    sink.send(Cursor::new(TRAILER.to_vec())).await?;
    let copied = sink.as_mut().finish().await?;
    ensure!(copied == u64::from(population.chats), "not all chats were copied");
    Ok(())
}
