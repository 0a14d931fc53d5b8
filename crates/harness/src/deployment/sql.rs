//! The table of chats, read from outside with plain SQL.

pub(super) mod postgres {
    use std::time::Duration;

    use anyhow::Result;
    use tokio_postgres::{Client, NoTls};

    use super::super::Row;

    const CHATS: &str = "
        SELECT id::text, audience, scope, tags::text, event_room_id::text, state = 'ready' FROM chat";

    const LONGEST_OPENING: &str = "
        SELECT max(extract(epoch FROM now() - created_at))::float8 FROM chat WHERE state = 'opening'";

    pub(in super::super) async fn chats(url: &str) -> Result<Vec<Row>> {
        let rows = connect(url).await?.query(CHATS, &[]).await?;
        let chats = rows.iter().map(|row| {
            let tags: Option<&str> = row.try_get(3)?;
            Ok(Row {
                id: row.try_get::<_, &str>(0)?.parse()?,
                audience: row.try_get(1)?,
                scope: row.try_get(2)?,
                tags: tags.map(serde_json::from_str).transpose()?,
                event_room_id: row.try_get::<_, Option<&str>>(4)?.map(str::parse).transpose()?,
                is_ready: row.try_get(5)?,
            })
        });
        chats.collect()
    }

    pub(in super::super) async fn longest_opening(url: &str) -> Result<Option<Duration>> {
        let row = connect(url).await?.query_one(LONGEST_OPENING, &[]).await?;
        let seconds: Option<f64> = row.try_get(0)?;
        Ok(seconds.map(|seconds| Duration::from_secs_f64(seconds.max(0.0))))
    }

    /// A connection as the administrator.
    pub(crate) async fn connect(url: &str) -> Result<Client> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }
}

pub(super) mod sqlite {
    use std::path::Path;
    use std::time::Duration;

    use anyhow::Result;
    use diesel::connection::SimpleConnection;
    use diesel::sql_types::{Bool, Double, Nullable, Text};
    use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};

    use super::super::Row;

    const CHATS: &str = "
        SELECT hex(id) AS id, audience, scope, tags, hex(event_room_id) AS event_room_id,
               state = 'ready' AS is_ready
        FROM chat";

    const LONGEST_OPENING: &str = "
        SELECT max(unixepoch('subsec') - created_at / 1e6) AS seconds FROM chat WHERE state = 'opening'";

    #[derive(QueryableByName)]
    struct ChatRow {
        #[diesel(sql_type = Text)]
        id: String,
        #[diesel(sql_type = Text)]
        audience: String,
        #[diesel(sql_type = Text)]
        scope: String,
        #[diesel(sql_type = Nullable<Text>)]
        tags: Option<String>,
        #[diesel(sql_type = Nullable<Text>)]
        event_room_id: Option<String>,
        #[diesel(sql_type = Bool)]
        is_ready: bool,
    }

    #[derive(QueryableByName)]
    struct Longest {
        #[diesel(sql_type = Nullable<Double>)]
        seconds: Option<f64>,
    }

    pub(in super::super) fn chats(file: &Path) -> Result<Vec<Row>> {
        let rows: Vec<ChatRow> = sql_query(CHATS).load(&mut open(file)?)?;
        let chats = rows.into_iter().map(|row| {
            // hex(NULL) is an empty text.
            let room = row.event_room_id.filter(|hex| !hex.is_empty());
            Ok(Row {
                id: row.id.parse()?,
                audience: row.audience,
                scope: row.scope,
                tags: row.tags.as_deref().map(serde_json::from_str).transpose()?,
                event_room_id: room.map(|hex| hex.parse()).transpose()?,
                is_ready: row.is_ready,
            })
        });
        chats.collect()
    }

    pub(in super::super) fn longest_opening(file: &Path) -> Result<Option<Duration>> {
        let longest: Longest = sql_query(LONGEST_OPENING).get_result(&mut open(file)?)?;
        Ok(longest.seconds.map(|seconds| Duration::from_secs_f64(seconds.max(0.0))))
    }

    /// Opened to read alone: else it would tidy up after a killed instance, which is for the next one.
    fn open(file: &Path) -> Result<SqliteConnection> {
        let url = format!("file:{}?mode=ro", file.display());
        let mut connection = SqliteConnection::establish(&url)?;
        connection.batch_execute("PRAGMA busy_timeout = 2000")?;
        Ok(connection)
    }
}
