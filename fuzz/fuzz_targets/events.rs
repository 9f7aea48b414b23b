//! Any bytes as CloudEvents in their three modes, Standard Webhooks and the handshake.
#![no_main]

use axum::http::{HeaderMap, HeaderValue};
use gonogo_fuzz::deliver;
use gonogo_model::source::Provider;
use gonogo_server::ingest::handshake;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(origin) = HeaderValue::from_bytes(data) {
        let mut request = HeaderMap::new();
        request.insert("webhook-request-origin", origin);
        handshake(&request, None);
    }
    deliver(&[Provider::Cloudevents, Provider::StandardWebhooks], data);
});
