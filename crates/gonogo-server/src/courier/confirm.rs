//! Asking, before anybody is paged for a missing end, whether it happened after all.
//!
//! Only a clear answer counts: 200 or a row says it happened, 404 or no row says it did not.
//! Anything else is "unknown", and the engine pages.

use std::time::Duration;

use gonogo_engine::effect::Confirm as Question;
use gonogo_engine::input::Answer;
use gonogo_model::flow::{Confirm, ConfirmHttp, ConfirmPostgres};

use super::Courier;

/// How long an answer may take. The engine waits a little longer.
const TIMEOUT: Duration = Duration::from_secs(20);

pub(super) async fn ask(courier: &Courier, question: &Question) -> (Answer, String) {
    let view = courier.view.borrow().clone();
    let declared = view
        .plan
        .package
        .flows
        .get(&question.flow)
        .and_then(|f| f.confirm.clone());
    let asked = async {
        match declared {
            Some(Confirm::Http(http)) => ask_http(courier, &http, &question.key).await,
            Some(Confirm::Postgres(postgres)) => {
                ask_postgres(courier, &postgres, &question.key).await
            }
            None => Err("the package no longer says whom to ask".to_string()),
        }
    };
    match tokio::time::timeout(TIMEOUT, asked).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(why)) => (Answer::Unknown, why),
        Err(_) => (
            Answer::Unknown,
            format!("no answer within {} s", TIMEOUT.as_secs()),
        ),
    }
}

async fn ask_http(
    courier: &Courier,
    http: &ConfirmHttp,
    key: &str,
) -> Result<(Answer, String), String> {
    let url = courier.outside.resolve(&http.url)?;
    let url = url.replace("{key}", &percent_encoded(key));
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(TIMEOUT)
        .build()
        .map_err(|_| "no HTTP client".to_string())?;
    let mut request = client.get(&url);
    if let Some(token) = &http.token {
        request = request.bearer_auth(courier.outside.resolve(&token.0)?);
    }
    // The URL can hold a token: the error is said without it.
    let answer = request
        .send()
        .await
        .map_err(|error| format!("the endpoint does not answer: {}", error.without_url()))?;
    match answer.status().as_u16() {
        200 => Ok((Answer::Happened, "the endpoint knows it (200)".into())),
        404 => Ok((
            Answer::Missing,
            "the endpoint does not know it (404)".into(),
        )),
        other => Err(format!("the endpoint answered {other}")),
    }
}

async fn ask_postgres(
    courier: &Courier,
    postgres: &ConfirmPostgres,
    key: &str,
) -> Result<(Answer, String), String> {
    let url = courier.outside.resolve(&postgres.url.0)?;
    let failed = |what: &str, error: &tokio_postgres::Error| {
        // A database error can quote the statement's values, never the connection string.
        let code = error
            .code()
            .map_or_else(|| "no answer".to_string(), |c| c.code().to_string());
        format!("{what} ({code})")
    };
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
        .await
        .map_err(|error| failed("the database cannot be reached", &error))?;
    let running = tokio::spawn(connection);
    let outcome = async {
        client
            .batch_execute("SET default_transaction_read_only = on; SET statement_timeout = '10s'")
            .await
            .map_err(|error| failed("the database refuses to be read only", &error))?;
        client
            .query_opt(&postgres.query, &[&key])
            .await
            .map_err(|error| failed("the query failed", &error))
    };
    let row = outcome.await;
    running.abort();
    Ok(match row? {
        Some(_) => (Answer::Happened, "the database has it".into()),
        None => (Answer::Missing, "the database does not have it".into()),
    })
}

/// A key as a path segment: everything but unreserved characters (RFC 3986, 2.3) escaped.
fn percent_encoded(key: &str) -> String {
    use std::fmt::Write as _;
    key.bytes().fold(String::new(), |mut out, b| {
        if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
            out.push(b as char);
        } else {
            let _ = write!(out, "%{b:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_cannot_leave_its_segment() {
        assert_eq!(
            percent_encoded("ch_1/../x?y#z é"),
            "ch_1%2F..%2Fx%3Fy%23z%20%C3%A9"
        );
    }
}
