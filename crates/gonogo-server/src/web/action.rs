//! What an action answers: a toast with a way back, or a redirect that shows one.
//!
//! A form works with and without the script. With it, the answer is JSON and the page stays; without
//! it, the browser is sent on and the words come along in a short-lived cookie. Mistakes in a form
//! are not an action's answer: render the page again with 422 and the errors beside the fields.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::frame::{FLASH_COOKIE, Flash, Frame, is_local};

/// How long the words may take to arrive, in seconds.
const FLASH_SECS: u32 = 20;

/// Something was done.
#[derive(Clone, Debug)]
pub struct Done {
    flash: Flash,
    location: String,
}

#[derive(Serialize)]
struct Said<'a> {
    #[serde(flatten)]
    flash: &'a Flash,
    location: &'a str,
}

impl Done {
    /// Says what was done, and on which page it can be seen. A location off this server becomes `/`.
    pub fn new(message: impl Into<String>, location: impl Into<String>) -> Self {
        let location = Some(location.into()).filter(|path| is_local(path));
        Self {
            flash: Flash {
                message: message.into(),
                undo: None,
            },
            location: location.unwrap_or_else(|| "/".to_owned()),
        }
    }

    /// Offers a way back: a path that takes a POST.
    #[must_use]
    pub fn undo(mut self, path: impl Into<String>) -> Self {
        self.flash.undo = Some(path.into()).filter(|path| is_local(path));
        self
    }

    /// The answer for this request.
    pub fn respond(self, frame: &Frame) -> Response {
        if frame.is_fragment() {
            let said = Said {
                flash: &self.flash,
                location: &self.location,
            };
            return ([(header::CACHE_CONTROL, "no-store")], Json(said)).into_response();
        }
        let cookie = format!(
            "{FLASH_COOKIE}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={FLASH_SECS}",
            self.flash.to_cookie()
        );
        let mut response = StatusCode::SEE_OTHER.into_response();
        let headers = response.headers_mut();
        let location = HeaderValue::from_str(&self.location);
        headers.insert(
            header::LOCATION,
            location.unwrap_or(HeaderValue::from_static("/")),
        );
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            headers.append(header::SET_COOKIE, cookie);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use axum::http::{HeaderMap, Uri};

    use super::*;
    use crate::web::frame::View;

    fn done() -> Done {
        Done::new("Acknowledged.", "/incidents/7").undo("/incidents/7/unack")
    }

    #[test]
    fn without_the_script_it_redirects_and_takes_the_words_along() {
        let answer = done().respond(&Frame::default());
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(answer.headers()[header::LOCATION], "/incidents/7");
        let set = answer.headers()[header::SET_COOKIE].to_str().expect("text");
        let mut headers = HeaderMap::new();
        let pair = set.split(';').next().expect("a pair");
        headers.insert(header::COOKIE, pair.parse().expect("a header value"));
        let next = Frame::new(&headers, Uri::from_static("/incidents/7"));
        assert_eq!(next.flash.expect("a flash").message, "Acknowledged.");
    }

    #[tokio::test]
    async fn with_the_script_it_answers_in_json() {
        let frame = Frame {
            view: View::Fragment,
            ..Frame::default()
        };
        let answer = done().respond(&frame);
        let body = to_bytes(answer.into_body(), 1000).await.expect("a body");
        insta::assert_snapshot!(
            String::from_utf8_lossy(&body),
            @r#"{"message":"Acknowledged.","undo":"/incidents/7/unack","location":"/incidents/7"}"#
        );
    }

    #[test]
    fn it_leads_nowhere_else() {
        let answer = Done::new("x", "//example.com").respond(&Frame::default());
        assert_eq!(answer.headers()[header::LOCATION], "/");
    }
}
