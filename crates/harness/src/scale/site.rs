use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use super::server::Server;
use crate::deployment::{DatabaseKind, Deployment, Part, Rooms, connect};
use crate::measure::population::{Population, seed};
use crate::measure::scene::{NO_CACHE, Scene, layout};
use crate::measure::workload::Workload;

/// A database with its chats, and an instance of the service on it.
pub(super) struct Site {
    pub(super) scene: Scene,
    pub(super) workload: Workload,
    pub(super) size: Size,
}

/// How large a database is.
#[derive(Debug, Clone)]
pub(super) struct Size {
    pub(super) chats: u32,
    pub(super) table_bytes: u64,
    /// The name and the bytes of each.
    pub(super) indexes: Vec<(String, u64)>,
    pub(super) seeded_in: Duration,
}

impl Site {
    /// Makes a database of so many chats, and starts an instance on it, which keeps none of them in memory.
    pub(super) async fn open(chats: &Path, server: &Server, rows: u32) -> Result<Self> {
        let population = Population { chats: rows };
        let settings = Population::settings() + NO_CACHE;
        let rooms = Rooms::OfAnotherProcessInMemory;
        let layout = layout(DatabaseKind::Postgres, rooms, &settings);
        let mut deployment = Deployment::start_on(chats, layout, server.database().await?).await?;
        // It has made its table.
        deployment.kill(Part::Instance(0)).await?;
        let url = deployment.database().url();
        let seeded_in = seed(&url, population).await?;
        deployment.start_again(Part::Instance(0)).await?;
        Ok(Self {
            scene: Scene::of(deployment, Some(server.process))?,
            workload: Workload::on(population),
            size: Size::of(&url, rows, seeded_in).await?,
        })
    }

    /// The name of the database.
    pub(super) fn database_name(&self) -> Result<String> {
        let url = self.scene.database_url();
        let (_, name) = url.rsplit_once('/').context("the database's URL has no name")?;
        Ok(name.to_owned())
    }

    /// Has the database as large as before, whatever was created.
    pub(super) async fn remove_new_chats(&self) -> Result<()> {
        let population = self.workload.population;
        let last = population.member(population.chats - 1).id;
        let client = connect(&self.scene.database_url()).await?;
        client.batch_execute(&format!("DELETE FROM chat WHERE id > '{last}'")).await?;
        Ok(client.batch_execute("VACUUM chat").await?)
    }
}

impl Size {
    async fn of(url: &str, chats: u32, seeded_in: Duration) -> Result<Self> {
        let sizes = "
            SELECT relname::text, pg_total_relation_size(oid) - pg_indexes_size(oid), relkind = 'r'
            FROM pg_class
            WHERE oid = 'chat'::regclass
               OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = 'chat'::regclass)
            ORDER BY relname";
        let mut size = Self { chats, table_bytes: 0, indexes: Vec::new(), seeded_in };
        for row in connect(url).await?.query(sizes, &[]).await? {
            let bytes = u64::try_from(row.try_get::<_, i64>(1)?)?;
            if row.try_get(2)? {
                size.table_bytes = bytes;
            } else {
                size.indexes.push((row.try_get(0)?, bytes));
            }
        }
        Ok(size)
    }

    /// Of the table and all indexes.
    pub(super) fn total_bytes(&self) -> u64 {
        self.table_bytes + self.indexes.iter().map(|(_, bytes)| bytes).sum::<u64>()
    }
}
