//! What a page needs to know of the request besides its own parameters.
//!
//! Every page handler takes a [`Frame`] and gives it to its [`Shell`](super::Shell). It decides
//! whether the whole page is wanted or only its live parts; the handler does the same either way.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// The header with which the script asks for the live parts of a page.
pub const FRAGMENT_HEADER: &str = "x-fragment";
/// The cookie that carries a word of confirmation over a redirect.
pub const FLASH_COOKIE: &str = "flash";
/// The longest confirmation that is shown, in characters.
pub const MAX_FLASH_CHARS: usize = 300;

/// What the reader's browser asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Everything, or only what may have changed.
    pub view: View,
    /// Light, dark, or as the system says.
    pub theme: Theme,
    /// What the last action said.
    pub flash: Option<Flash>,
    /// The path and query of this page.
    pub uri: Uri,
}

/// How much of a page is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// The whole document.
    #[default]
    Full,
    /// Only the parts marked `data-live`, for the script to swap in.
    Fragment,
}

/// The reader's choice of theme, kept in a cookie so that the first paint is right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

/// A word of confirmation, with the way back where there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// What was done: "Acknowledged. The next update is due at 14:30 UTC."
    pub message: String,
    /// Where a POST undoes it: a path on this server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo: Option<String>,
}

impl Flash {
    /// The cookie's value.
    pub fn to_cookie(&self) -> String {
        let json = serde_json::to_vec(self).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(json)
    }

    /// Reads the cookie's value. What leads off this server is dropped.
    pub fn from_cookie(value: &str) -> Option<Self> {
        let json = URL_SAFE_NO_PAD.decode(value).ok()?;
        let mut flash: Self = serde_json::from_slice(&json).ok()?;
        flash.message = flash.message.chars().take(MAX_FLASH_CHARS).collect();
        flash.undo = flash.undo.filter(|path| is_local(path));
        Some(flash)
    }
}

/// Whether a path stays on this server when a browser follows it.
pub fn is_local(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains(|c: char| c == '\\' || c.is_control())
}

impl Frame {
    /// Reads a request's headers.
    pub fn new(headers: &HeaderMap, uri: Uri) -> Self {
        let view = match headers.get(FRAGMENT_HEADER) {
            Some(value) if value == "1" => View::Fragment,
            _ => View::Full,
        };
        let theme = match cookie(headers, "theme") {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::System,
        };
        let flash = cookie(headers, FLASH_COOKIE).and_then(Flash::from_cookie);
        Self {
            view,
            theme,
            flash,
            uri,
        }
    }

    /// Whether only the live parts are wanted.
    pub fn is_fragment(&self) -> bool {
        self.view == View::Fragment
    }

    /// The value of `data-theme`; empty where the system decides.
    pub fn theme_name(&self) -> &'static str {
        match self.theme {
            Theme::System => "",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Frame {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // A nested router sees a shortened path; links need the whole one.
        let whole = parts.extensions.get::<OriginalUri>();
        let uri = whole.map_or(&parts.uri, |OriginalUri(uri)| uri);
        Ok(Self::new(&parts.headers, uri.clone()))
    }
}

/// The value of a cookie of a request.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(headers: &[(&'static str, &str)]) -> Frame {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().expect("a header value"));
        }
        Frame::new(&map, Uri::from_static("/x?a=1"))
    }

    #[test]
    fn reads_view_and_theme() {
        assert_eq!(frame(&[]).view, View::Full);
        assert!(frame(&[("x-fragment", "1")]).is_fragment());
        assert_eq!(frame(&[("cookie", "a=b; theme=dark")]).theme, Theme::Dark);
        assert_eq!(frame(&[("cookie", "theme=\"><script>")]).theme_name(), "");
    }

    #[tokio::test]
    async fn a_nested_page_keeps_its_whole_address() {
        let request = axum::http::Request::get("/short")
            .body(())
            .expect("a request");
        let (mut parts, ()) = request.into_parts();
        let whole = OriginalUri(Uri::from_static("/whole/short?q=1"));
        parts.extensions.insert(whole);
        let frame = Frame::from_request_parts(&mut parts, &()).await;
        assert_eq!(frame.expect("a frame").uri, "/whole/short?q=1");
    }

    #[test]
    fn a_flash_survives_the_cookie_but_leads_nowhere_else() {
        let flash = Flash {
            message: "Acknowledged; \"quoted\"".into(),
            undo: Some("/incidents/7/unack".into()),
        };
        let header = format!("flash={}", flash.to_cookie());
        assert_eq!(frame(&[("cookie", &header)]).flash, Some(flash));
        for away in [
            "//example.com",
            "https://example.com",
            "/\\example.com",
            "/\t/x",
        ] {
            let flash = Flash {
                message: "x".repeat(MAX_FLASH_CHARS + 1),
                undo: Some(away.into()),
            };
            let read = Flash::from_cookie(&flash.to_cookie()).expect("a flash");
            assert_eq!(read.undo, None, "{away}");
            assert_eq!(read.message.len(), MAX_FLASH_CHARS);
        }
        assert_eq!(Flash::from_cookie("not base64 !"), None);
    }
}
