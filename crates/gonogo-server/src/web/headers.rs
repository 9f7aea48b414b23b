//! The headers that every answer of the pages carries.
//!
//! No script and no style stands in a page, so the policy needs no exception. An answer that
//! brings its own policy (the public status page, which holds its stylesheet) keeps it.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::frame::{FLASH_COOKIE, FRAGMENT_HEADER, cookie};

/// What a page may load and do.
pub const POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; \
     frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

const ALWAYS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=()",
    ),
];

/// Middleware: adds the headers, and takes back a flash cookie once a whole page has shown it.
pub async fn secure(request: Request, next: Next) -> Response {
    let shows_flash = request.method() == Method::GET
        && !request.headers().contains_key(FRAGMENT_HEADER)
        && cookie(request.headers(), FLASH_COOKIE).is_some();
    let mut response = next.run(request).await;
    let is_page = response.status() == StatusCode::OK
        && response
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    if shows_flash && is_page {
        let gone = format!("{FLASH_COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
        if let Ok(gone) = HeaderValue::from_str(&gone) {
            headers.append(header::SET_COOKIE, gone);
        }
    }
    response
}
