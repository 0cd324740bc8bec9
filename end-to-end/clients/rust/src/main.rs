//! tokio-postgres through an edge: prepared and unprepared statements, simple queries, pipelining, portals, copying, LISTEN.

use std::collections::HashMap;
use std::env;
use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::{future, stream, SinkExt, StreamExt, TryStreamExt};
use tokio::sync::mpsc;
use tokio_postgres::error::SqlState;
use tokio_postgres::{AsyncMessage, Client, Config, NoTls, Row, SimpleQueryMessage};

const TABLE: &str = "client_tokio";

type Failure = Box<dyn std::error::Error>;

async fn connect() -> Result<(Client, mpsc::UnboundedReceiver<String>), Failure> {
    let (client, mut connection) = Config::new()
        .host(env::var("PGHOST")?)
        .port(env::var("PGPORT")?.parse()?)
        .user(env::var("PGUSER")?)
        .password(env::var("PGPASSWORD")?)
        .dbname(env::var("PGDATABASE")?)
        .connect(NoTls)
        .await?;
    let (heard, hearing) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut messages = stream::poll_fn(move |cx| connection.poll_message(cx));
        while let Some(Ok(message)) = messages.next().await {
            if let AsyncMessage::Notification(notification) = message {
                let _ = heard.send(notification.payload().to_owned());
            }
        }
    });
    Ok((client, hearing))
}

async fn last(client: &Client) -> Result<(String, String), Failure> {
    for message in client.simple_query("SHOW perigee.last").await? {
        if let SimpleQueryMessage::Row(row) = message {
            return Ok((row.get(0).unwrap_or_default().to_owned(), row.get(1).unwrap_or_default().to_owned()));
        }
    }
    Err("SHOW perigee.last gives no row".into())
}

/// Counts reads until the first that is answered from memory, and pauses between them: a new table takes home a moment to
/// publish.
struct Reads {
    what: &'static str,
    reads: u32,
    begun: Instant,
    pause: Duration,
}

impl Reads {
    fn of(what: &'static str) -> Self {
        Reads { what, reads: 0, begun: Instant::now(), pause: Duration::from_millis(100) }
    }

    async fn hit(&mut self, client: &Client) -> Result<bool, Failure> {
        self.reads += 1;
        let (outcome, reason) = last(client).await?;
        if outcome == "hit" {
            return Ok(true);
        }
        assert!(
            self.begun.elapsed() < Duration::from_secs(20),
            "{}: no hit in {} reads: {outcome} {reason}",
            self.what,
            self.reads
        );
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(Duration::from_secs(1));
        Ok(false)
    }
}

async fn cached_reads(client: &Client) -> Result<String, Failure> {
    let names = HashMap::from([(1, "Lamp äöü"), (2, "Chair"), (3, "Table")]);
    let query = format!("SELECT id, name FROM {TABLE} WHERE id = $1");
    let check = |row: &Row, id: i32| assert_eq!(row.get::<_, &str>("name"), names[&id]);
    let statement = client.prepare(&query).await?;
    assert_eq!(statement.columns()[1].name(), "name");

    let mut warming = Reads::of("warming");
    loop {
        check(&client.query_one(&statement, &[&3]).await?, 3);
        if warming.hit(client).await? {
            break;
        }
    }
    let mut prepared = Reads::of("prepared");
    loop {
        check(&client.query_one(&statement, &[&1]).await?, 1);
        if prepared.hit(client).await? {
            break;
        }
    }
    // Prepared, described, run and closed each time.
    let mut unprepared = Reads::of("unprepared");
    loop {
        check(&client.query_one(&query, &[&2]).await?, 2);
        if unprepared.hit(client).await? {
            break;
        }
    }
    let mut simple = Reads::of("simple");
    loop {
        let answer = client.simple_query(&format!("SELECT name FROM {TABLE} WHERE id = 1")).await?;
        assert!(answer.iter().any(|m| matches!(m, SimpleQueryMessage::Row(row) if row.get(0) == Some(names[&1]))));
        if simple.hit(client).await? {
            break;
        }
    }
    // Sent without waiting for answers.
    let ids = [1, 2, 3, 1, 2, 3];
    let rows = future::try_join_all(ids.iter().map(|id| async { client.query_one(&statement, &[id]).await })).await?;
    rows.iter().zip(ids).for_each(|(row, id)| check(row, id));
    Ok(format!(
        "prepared: hit on read {}, unprepared: hit on read {}, simple: hit on read {}",
        prepared.reads, unprepared.reads, simple.reads
    ))
}

async fn own_writes(client: &Client) -> Result<(), Failure> {
    let write = client.prepare(&format!("UPDATE {TABLE} SET price = $1 WHERE id = 1")).await?;
    let read = client.prepare(&format!("SELECT price FROM {TABLE} WHERE id = 1")).await?;
    for price in 100..130 {
        client.execute(&write, &[&price]).await?;
        for _ in 0..2 {
            let seen: i32 = client.query_one(&read, &[]).await?.get(0);
            assert_eq!(seen, price);
        }
        // The read is sent right behind the write.
        let next = price + 1000;
        let (_, row) = future::try_join(client.execute(&write, &[&next]), client.query_one(&read, &[])).await?;
        assert_eq!(row.get::<_, i32>(0), next);
    }
    Ok(())
}

async fn count(client: &Client) -> Result<i64, Failure> {
    Ok(client.query_one(&format!("SELECT count(*) FROM {TABLE}"), &[]).await?.get(0))
}

async fn transactions(client: &mut Client) -> Result<(), Failure> {
    let before = count(client).await?;
    let mut transaction = client.transaction().await?;
    transaction.execute(&format!("INSERT INTO {TABLE} VALUES (50, 'in', 1)"), &[]).await?;
    let inner = transaction.transaction().await?;
    let again = inner.execute(&format!("INSERT INTO {TABLE} VALUES (50, 'again', 1)"), &[]).await;
    assert_eq!(again.unwrap_err().code(), Some(&SqlState::UNIQUE_VIOLATION));
    inner.rollback().await?;
    transaction.commit().await?;
    assert_eq!(count(client).await?, before + 1);
    let transaction = client.transaction().await?;
    transaction.execute(&format!("DELETE FROM {TABLE}"), &[]).await?;
    transaction.rollback().await?;
    assert_eq!(count(client).await?, before + 1);

    let transaction = client.transaction().await?;
    let portal = transaction.bind("SELECT n FROM generate_series(1, 100) n", &[]).await?;
    let mut seen = 0;
    loop {
        let rows = transaction.query_portal(&portal, 7).await?;
        seen += rows.len();
        if rows.is_empty() {
            break;
        }
    }
    assert_eq!(seen, 100);
    transaction.commit().await?;
    Ok(())
}

async fn copies(client: &Client) -> Result<(), Failure> {
    let sink = client.copy_in(&format!("COPY {TABLE} (id, name) FROM STDIN")).await?;
    let mut sink = pin!(sink);
    for id in 2000..2200 {
        sink.send(bytes(format!("{id}\tcopied\n"))).await?;
    }
    assert_eq!(sink.finish().await?, 200);
    let out = client.copy_out(&format!("COPY (SELECT id FROM {TABLE} WHERE id >= 2000) TO STDOUT")).await?;
    let out: Vec<_> = out.try_collect().await?;
    assert_eq!(out.len(), 200);
    client.execute(&format!("DELETE FROM {TABLE} WHERE id >= 2000"), &[]).await?;
    assert_eq!(client.query(&format!("SELECT id FROM {TABLE} WHERE id >= 2000"), &[]).await?.len(), 0);
    Ok(())
}

fn bytes(text: String) -> std::io::Cursor<Vec<u8>> {
    std::io::Cursor::new(text.into_bytes())
}

async fn notifications(client: &Client) -> Result<(), Failure> {
    let (listener, mut hearing) = connect().await?;
    listener.batch_execute("LISTEN perigee_tokio").await?;
    for payload in ["hello", "again"] {
        client.execute("SELECT pg_notify('perigee_tokio', $1)", &[&payload]).await?;
        let heard = tokio::time::timeout(Duration::from_secs(10), hearing.recv()).await?;
        assert_eq!(heard.as_deref(), Some(payload));
    }
    Ok(())
}

async fn errors_and_cancels(client: &Client) -> Result<(), Failure> {
    for _ in 0..2 {
        for (sql, code) in [
            ("SELEC 1", SqlState::SYNTAX_ERROR),
            ("SELECT * FROM no_such_table", SqlState::UNDEFINED_TABLE),
            ("SELECT 1/0", SqlState::DIVISION_BY_ZERO),
        ] {
            assert_eq!(client.query(sql, &[]).await.unwrap_err().code(), Some(&code));
        }
    }
    let token = client.cancel_token();
    let cancel = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        token.cancel_query(NoTls).await
    };
    let (slept, cancelled) = future::join(client.batch_execute("SELECT pg_sleep(30)"), cancel).await;
    cancelled?;
    assert_eq!(slept.unwrap_err().code(), Some(&SqlState::QUERY_CANCELED));
    assert_eq!(client.query_one("SELECT 1", &[]).await?.get::<_, i32>(0), 1);
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let (mut client, _hearing) = connect().await?;
    client
        .batch_execute(&format!(
            "DROP TABLE IF EXISTS {TABLE}; CREATE TABLE {TABLE} (id int PRIMARY KEY, name text, price int);
             INSERT INTO {TABLE} VALUES (1, 'Lamp äöü', 12), (2, 'Chair', 12), (3, 'Table', 12)"
        ))
        .await?;
    let hits = cached_reads(&client).await?;
    own_writes(&client).await?;
    transactions(&mut client).await?;
    copies(&client).await?;
    notifications(&client).await?;
    errors_and_cancels(&client).await?;
    println!("tokio-postgres: ok ({hits})");
    Ok(())
}
