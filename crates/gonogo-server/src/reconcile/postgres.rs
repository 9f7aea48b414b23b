//! A PostgreSQL query, in a transaction that can only read.
//!
//! The query is the inside of a `SELECT` of ours, so it is one statement and cannot write;
//! the transaction would refuse it besides. Invariant: errors name a code and never a value.

use std::pin::pin;
use std::time::{Duration, SystemTime};

use futures::TryStreamExt as _;
use gonogo_engine::Time;
use gonogo_engine::reconciliation::{Money, Record};
use gonogo_model::reconciliation::PostgresSide;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error, NoTls, Row};

use super::side::{Asked, Read, Trouble, code};
use crate::settings::Outside;

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the query may take; the run's own timeout ends it earlier.
const STATEMENT_TIMEOUT: &str = "120s";

pub(super) async fn read(
    side: &PostgresSide,
    outside: &Outside,
    asked: Asked,
) -> Result<Read, Trouble> {
    let url = outside.resolve(&side.url.0).map_err(Trouble::setting)?;
    let connecting = tokio::time::timeout(CONNECT_TIMEOUT, tokio_postgres::connect(&url, NoTls));
    let (client, connection) = connecting
        .await
        .map_err(|_| Trouble::new(code::UNAVAILABLE, "it does not answer"))?
        .map_err(|e| failed("it cannot be reached", &e))?;
    let running = Running(tokio::spawn(connection));
    let read = query(side, &client, asked).await;
    drop(running);
    read
}

async fn query(side: &PostgresSide, client: &Client, asked: Asked) -> Result<Read, Trouble> {
    // One request: no statement of anybody else's comes between.
    let begin = format!(
        "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
         SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}';
         SET LOCAL lock_timeout = '5s';
         SET LOCAL TIME ZONE 'UTC';
         SET LOCAL datestyle = 'ISO'"
    );
    client
        .batch_execute(&begin)
        .await
        .map_err(|e| failed("it refuses a read-only transaction", &e))?;
    let inner = side.query.trim().trim_end_matches(';');
    let columns = columns(client, inner).await?;
    let text = |name: &str| match columns.iter().any(|c| c == name) {
        true => format!("side.\"{name}\"::text"),
        false => "NULL::text".to_string(),
    };
    for needed in ["key", "at"] {
        if !columns.iter().any(|c| c == needed) {
            let detail = format!("its query has no column `{needed}`");
            return Err(Trouble::new(code::NOT_CONFIGURED, detail));
        }
    }
    let (key, at, amount, currency) = (text("key"), text("at"), text("amount"), text("currency"));
    // The line break ends a comment at the end of the query.
    let sql = format!("SELECT {key}, {at}, {amount}, {currency} FROM ({inner}\n) AS side");
    let statement = client.prepare(&sql).await;
    let statement = statement.map_err(|e| failed("its query is refused", &e))?;
    let (from, until) = (system_time(asked.from), system_time(asked.until));
    let given: [&(dyn ToSql + Sync); 2] = [&from, &until];
    let wanted = statement.params();
    if wanted.len() > given.len() || wanted.iter().any(|t| !is_time(t)) {
        return Err(Trouble::new(
            code::NOT_CONFIGURED,
            "its query may use `$1::timestamptz` and `$2::timestamptz`, and nothing else",
        ));
    }
    let rows = client
        .query_raw(&statement, given[..wanted.len()].iter().copied())
        .await
        .map_err(|e| failed("its query failed", &e))?;
    let mut rows = pin!(rows);
    let mut read = Read::default();
    while let Some(row) = rows
        .try_next()
        .await
        .map_err(|e| failed("its query failed", &e))?
    {
        let record = record(side, &row)?;
        if asked.holds(record.at) {
            read.push(record)?;
        }
    }
    Ok(read)
}

/// The names of the columns of the query as it was written.
async fn columns(client: &Client, inner: &str) -> Result<Vec<String>, Trouble> {
    let written = client.prepare(inner).await;
    let written = written.map_err(|e| failed("its query is refused", &e))?;
    let names = written.columns().iter().map(|c| c.name().to_string());
    Ok(names.collect())
}

fn record(side: &PostgresSide, row: &Row) -> Result<Record, Trouble> {
    let text = |index: usize| -> Result<Option<String>, Trouble> {
        let found = row.try_get(index);
        found.map_err(|_| Trouble::unreadable("a column cannot be read as text"))
    };
    let key = text(0)?.ok_or_else(|| Trouble::unreadable("a row has no `key`"))?;
    let at = text(1)?.and_then(|at| time(&at));
    let at = at.ok_or_else(|| Trouble::unreadable("`at` of a row is not a time"))?;
    let (amount, currency) = (text(2)?, text(3)?);
    let money = amount.map(|a| Money::parse(&a, currency.as_deref(), side.units));
    Ok(Record {
        key,
        at,
        money: money.transpose().map_err(Trouble::unreadable)?,
        note: None,
    })
}

/// A time as PostgreSQL writes it in UTC: `2026-11-23 09:00:00.5+00`, or without an offset.
fn time(text: &str) -> Option<Time> {
    let bare = text.strip_suffix("+00").unwrap_or(text);
    // Any other offset would be read past, and the time be wrong by it.
    let (_, clock) = bare.split_once(' ')?;
    if !clock
        .bytes()
        .all(|b| matches!(b, b'0'..=b'9' | b':' | b'.'))
    {
        return None;
    }
    let at: jiff::civil::DateTime = bare.parse().ok()?;
    let at = at.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(Time::from(at.timestamp()))
}

fn system_time(at: Time) -> SystemTime {
    SystemTime::from(at.timestamp())
}

fn is_time(wanted: &Type) -> bool {
    *wanted == Type::TIMESTAMPTZ || *wanted == Type::TIMESTAMP
}

fn failed(what: &str, error: &Error) -> Trouble {
    // A database error can quote values; its code says what kind of error it is.
    let (kind, code) = match error.code() {
        Some(state) => (reason(state.code()), state.code().to_string()),
        None => (code::UNAVAILABLE, "no answer".to_string()),
    };
    Trouble::new(kind, format!("{what} ({code})"))
}

/// The first two characters of an SQLSTATE are its class.
fn reason(state: &str) -> &'static str {
    match state.get(..2) {
        Some("57") if state == "57014" => code::TIMEOUT,
        Some("08" | "53" | "57" | "58" | "40" | "55") => code::UNAVAILABLE,
        Some("28" | "25") => code::REFUSED,
        Some("42" | "0A") => code::NOT_CONFIGURED,
        _ => code::UNREADABLE,
    }
}

/// Ends the connection with the run, also where that is cut off.
struct Running(tokio::task::JoinHandle<Result<(), Error>>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times_as_postgresql_writes_them() {
        let wanted = Time::from_millis(1_795_424_400_500);
        for text in ["2026-11-23 09:00:00.5+00", "2026-11-23 09:00:00.500000"] {
            assert_eq!(time(text), Some(wanted), "{text}");
        }
        assert_eq!(time("infinity"), None);
        assert_eq!(time("2026-11-23 09:00:00+01"), None);
        assert_eq!(time("2026-11-23 09:00:00-03:30"), None);
    }
}
