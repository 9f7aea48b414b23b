//! The stylesheet, the script and the pictures, compiled into the binary.
//!
//! Each is served under a name that holds a digest of its bytes, so a browser may keep it for
//! ever; a page always names the digest of the binary that rendered it. A name with another
//! digest (an older page during an upgrade) gets the present bytes, but may not keep them.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};

/// How many hex digits of the SHA-256 stand in a name.
const DIGEST_DIGITS: usize = 12;
const FOREVER: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "public, no-cache";

/// The tokens, shared by the application and the public status page.
pub const TOKENS_CSS: &str = include_str!("assets/tokens.css");
/// The stylesheet of the application.
pub const APP_CSS: &str = concat!(
    include_str!("assets/tokens.css"),
    include_str!("assets/state.css"),
    include_str!("assets/app.css")
);
/// The stylesheet of the public status page, which carries it inside.
pub const STATUS_CSS: &str = concat!(
    include_str!("assets/tokens.css"),
    include_str!("assets/state.css"),
    include_str!("assets/status.css")
);
/// The one script.
pub const LIVE_JS: &str = include_str!("assets/live.js");
/// The icon of the browser tab.
pub const FAVICON_SVG: &str = include_str!("assets/favicon.svg");

struct Asset {
    stem: &'static str,
    extension: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
    digest: String,
    url: String,
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    vec![
        asset("app", "css", "text/css; charset=utf-8", APP_CSS),
        asset("live", "js", "text/javascript; charset=utf-8", LIVE_JS),
        asset("favicon", "svg", "image/svg+xml", FAVICON_SVG),
    ]
});

/// The routes under which assets are served, `/favicon.ico` among them.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route(
            "/assets/{name}",
            get(|Path(name): Path<String>| async move { serve(&name) }),
        )
        .route("/favicon.ico", get(|| async { serve("favicon.svg") }))
}

/// The URL of the stylesheet.
pub fn css_url() -> &'static str {
    url("app")
}

/// The URL of the script.
pub fn js_url() -> &'static str {
    url("live")
}

/// The URL of the icon.
pub fn icon_url() -> &'static str {
    url("favicon")
}

fn url(stem: &str) -> &'static str {
    ASSETS
        .iter()
        .find(|asset| asset.stem == stem)
        .map_or("", |asset| &asset.url)
}

fn serve(name: &str) -> Response {
    let mut parts = name.split('.');
    let (stem, middle, last) = (parts.next(), parts.next(), parts.next());
    let (digest, extension) = match last {
        Some(extension) => (middle, Some(extension)),
        None => (None, middle),
    };
    let found = ASSETS
        .iter()
        .find(|asset| Some(asset.stem) == stem && Some(asset.extension) == extension);
    match found {
        Some(asset) => {
            let keep = match digest {
                Some(digest) if digest == asset.digest => FOREVER,
                _ => ASK_AGAIN,
            };
            let headers = [
                (header::CONTENT_TYPE, asset.content_type),
                (header::CACHE_CONTROL, keep),
            ];
            (headers, asset.bytes).into_response()
        }
        None => (StatusCode::NOT_FOUND, "There is no such file.").into_response(),
    }
}

fn asset(
    stem: &'static str,
    extension: &'static str,
    content_type: &'static str,
    text: &'static str,
) -> Asset {
    let digest = digest(text.as_bytes());
    Asset {
        stem,
        extension,
        content_type,
        bytes: text.as_bytes(),
        url: format!("/assets/{stem}.{digest}.{extension}"),
        digest,
    }
}

fn digest(bytes: &[u8]) -> String {
    let mut hex = String::new();
    for byte in Sha256::digest(bytes) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex.truncate(DIGEST_DIGITS);
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What PAGES.md allows for a first view, minus a generous 30 kB of HTML.
    const FIRST_VIEW_BYTES: usize = 100_000 - 30_000;

    #[test]
    fn assets_are_named_by_their_bytes() {
        let name = css_url().trim_start_matches("/assets/");
        let answer = serve(name);
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()[header::CACHE_CONTROL], FOREVER);
        assert_eq!(
            answer.headers()[header::CONTENT_TYPE],
            "text/css; charset=utf-8"
        );
        let old = serve("app.000000000000.css");
        assert_eq!(old.status(), StatusCode::OK);
        assert_eq!(old.headers()[header::CACHE_CONTROL], ASK_AGAIN);
        for wrong in ["", "app", "app.js", "../Cargo.toml", "app.1.2.css", "."] {
            assert_eq!(serve(wrong).status(), StatusCode::NOT_FOUND, "{wrong}");
        }
    }

    #[test]
    fn the_first_view_is_light() {
        let total: usize = ASSETS.iter().map(|asset| asset.bytes.len()).sum();
        assert!(total <= FIRST_VIEW_BYTES, "{total} bytes of assets");
    }

    #[test]
    fn the_stylesheet_and_the_script_need_no_other_host() {
        for text in [APP_CSS, LIVE_JS] {
            assert!(
                !text
                    .replace("http://www.w3.org/2000/svg", "")
                    .contains("http://")
            );
            assert!(!text.contains("https://"));
        }
        assert!(!LIVE_JS.contains(".style."), "inline style is not allowed");
        assert!(!LIVE_JS.contains("innerHTML"));
    }
}
