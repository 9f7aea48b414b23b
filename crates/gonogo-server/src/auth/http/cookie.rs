//! The cookie that holds a session's token.
//!
//! Over https its name begins with `__Host-`, which makes browsers refuse it from anywhere but
//! this very host. Invariant: no script can read it, and no other site's form sends it.

use axum::http::{HeaderMap, HeaderValue};

use super::Gate;
use crate::auth::SESSION_LENGTH_MAX;
use crate::notify::secret::SecretString;
use crate::web::frame::cookie;

const SECURE_NAME: &str = "__Host-gonogo";
const PLAIN_NAME: &str = "gonogo_session";

impl Gate {
    /// The session's token in a request.
    pub(super) fn session_token<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        cookie(headers, self.cookie_name()).filter(|token| !token.is_empty())
    }

    /// The header that hands a session to the browser.
    pub(super) fn session_cookie(&self, token: &SecretString) -> HeaderValue {
        self.set_cookie(token.expose(), SESSION_LENGTH_MAX.as_secs())
    }

    /// The header that takes it back.
    pub(super) fn no_cookie(&self) -> HeaderValue {
        self.set_cookie("", 0)
    }

    fn cookie_name(&self) -> &'static str {
        if self.is_secure() {
            SECURE_NAME
        } else {
            PLAIN_NAME
        }
    }

    fn is_secure(&self) -> bool {
        self.base_url.starts_with("https://")
    }

    fn set_cookie(&self, value: &str, max_age_secs: i64) -> HeaderValue {
        let secure = if self.is_secure() { "; Secure" } else { "" };
        let name = self.cookie_name();
        let text = format!(
            "{name}={value}; Path=/; Max-Age={max_age_secs}; HttpOnly; SameSite=Lax{secure}"
        );
        // A token is base64url, so this is always a header value.
        let mut header =
            HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""));
        header.set_sensitive(true);
        header
    }
}
