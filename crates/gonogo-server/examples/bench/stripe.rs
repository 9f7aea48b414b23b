//! Events as Stripe sends them: 600 bytes, signed.

use anyhow::Context as _;
use gonogo_server::ingest::{Secret, sign};
use jiff::Timestamp;

/// The name of the variable that holds the signing key.
pub const SECRET_NAME: &str = "BENCH_STRIPE_SECRET";
/// The signing key; it signs nothing but this.
pub const SECRET: &str = "whsec_measuring_only";
/// The length of a body.
const BODY_BYTES: usize = 600;

/// A whole HTTP request with a signed event in it.
pub fn request(kind: &str, key: &str, status: &str) -> anyhow::Result<Vec<u8>> {
    let now = Timestamp::now();
    let secret = Secret::new(SECRET).context("no key")?;
    let begin = format!(
        r#"{{"id":"evt_{kind}_{key}","object":"event","api_version":"2026-03-25.dahlia","created":{},"livemode":true,"pending_webhooks":1,"type":"{kind}","request":{{"id":null,"idempotency_key":null}},"data":{{"object":{{"id":"{key}","object":"charge","amount":4900,"amount_captured":4900,"captured":true,"currency":"usd","paid":true,"status":"{status}","description":""#,
        now.as_second()
    );
    let end = r#""}}}"#;
    let room = BODY_BYTES.saturating_sub(begin.len() + end.len());
    let body = format!("{begin}{}{end}", "x".repeat(room));
    let signature = sign::stripe(&secret, body.as_bytes(), now);
    let request = format!(
        "POST /in/stripe HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\r\n\
         content-type: application/json; charset=utf-8\r\nstripe-signature: {signature}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    Ok(request.into_bytes())
}
