//! The door as browsers and programs meet it.
//!
//! * [`protect`] puts a router behind the door: without a session or a token there is an
//!   answer, but not the handler's.
//! * [`welcome`] lets everybody through and tells handlers who it is, where that is known:
//!   for signing in, and for signed links that carry their own proof.
//! * [`routes`] are the pages for signing in and out, of one's own account, and of everybody's.
//!
//! Handlers behind [`protect`] take an [`Identity`](super::Identity), or a
//! [`Require<need::Responder>`](Require) where reading is not enough. Invariant: a handler
//! behind [`protect`] runs only for somebody known, and one that changes something runs for a
//! session only if the request came from our own page.

mod account;
mod cookie;
mod enter;
mod guard;
mod local;
mod login;
mod people;
mod refusal;
mod render;
mod setup;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap};
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use gonogo_model::id::Id;
use jiff::Timestamp;

pub use guard::{FORM_BYTES_MAX, Level, Require, need};
pub use local::local_path;
pub use people::settings_tabs;

use super::{Auth, Identity};
use crate::store::User;
use crate::web::{Frame, Shell};

/// What the door has to know of the rest of the server.
pub trait Surroundings: Send + Sync + 'static {
    /// The time.
    fn now(&self) -> Timestamp;
    /// The name of the package in force, to greet people with.
    fn package_name(&self) -> String;
    /// The person of the package that an account belongs to.
    fn person(&self, user: &User) -> Option<Id>;
    /// What stands around the pages of somebody known. It must not renew itself: they show
    /// secrets once.
    fn shell(&self, who: &Identity, frame: Frame, title: &str) -> Shell;
}

/// Where the address of whoever asks is taken from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AddressFrom {
    /// The connection.
    #[default]
    Connection,
    /// The last entry of `X-Forwarded-For`, which our own reverse proxy wrote.
    Proxy,
}

/// What the handlers of the door share; clones are cheap.
#[derive(Clone)]
pub struct Gate {
    /// Accounts, sessions, tokens and links.
    pub auth: Auth,
    around: Arc<dyn Surroundings>,
    base_url: Arc<str>,
    address_from: AddressFrom,
}

impl Gate {
    /// A door to the server that people find at `base_url`.
    pub fn new(auth: Auth, base_url: &str, around: Arc<dyn Surroundings>) -> Self {
        Self {
            auth,
            around,
            base_url: base_url.trim_end_matches('/').into(),
            address_from: AddressFrom::default(),
        }
    }

    /// Takes addresses from elsewhere than the connection.
    #[must_use]
    pub fn with_address_from(mut self, address_from: AddressFrom) -> Self {
        self.address_from = address_from;
        self
    }

    /// The full address of a path on this server, such as a link's.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// The address of whoever asks.
    fn address(&self, headers: &HeaderMap, extensions: &Extensions) -> Option<IpAddr> {
        let connected = extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|ConnectInfo(address)| address.ip());
        match self.address_from {
            AddressFrom::Connection => connected,
            AddressFrom::Proxy => forwarded(headers).or(connected),
        }
    }
}

/// Signing in and out, setting an account up, entering by a link, one's own account, and everybody's.
pub fn routes<S: Clone + Send + Sync + 'static>(gate: &Gate) -> Router<S> {
    let open = Router::new()
        .route("/login", get(login::show).post(login::submit))
        .route("/setup/{token}", get(setup::show).post(setup::submit))
        .route("/enter/{token}", get(enter::show).post(enter::submit))
        .with_state(gate.clone());
    let known = Router::new()
        .route("/logout", post(login::logout))
        .route("/account", get(account::show))
        .route("/account/password", post(account::password))
        .route("/account/tokens", post(account::create_token))
        .route("/account/tokens/{id}/revoke", post(account::revoke_token))
        .route("/people", get(people::show).post(people::add))
        .route("/people/{id}/link", post(people::link))
        .route("/people/{id}/role", post(people::role))
        .route("/people/{id}/close", post(people::close))
        .route("/people/{id}/reopen", post(people::reopen))
        .with_state(gate.clone());
    welcome(gate, open).merge(protect(gate, known))
}

/// Puts a router behind the door: everything in it needs a session or a token.
pub fn protect<S: Clone + Send + Sync + 'static>(gate: &Gate, router: Router<S>) -> Router<S> {
    router.layer(from_fn_with_state(gate.clone(), guard::protect))
}

/// Lets everybody through, and tells handlers by `Option<Identity>` who it is. They must not
/// act with the rights of that identity: forms carry no proof here.
pub fn welcome<S: Clone + Send + Sync + 'static>(gate: &Gate, router: Router<S>) -> Router<S> {
    router.layer(from_fn_with_state(gate.clone(), guard::welcome))
}

fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?;
    last.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_our_own_proxy_wrote_counts() {
        let mut headers = HeaderMap::new();
        assert_eq!(forwarded(&headers), None);
        headers.append("x-forwarded-for", "203.0.113.9".parse().unwrap());
        headers.append("x-forwarded-for", "203.0.113.8, 192.0.2.7".parse().unwrap());
        assert_eq!(forwarded(&headers), Some([192, 0, 2, 7].into()));
        headers.append("x-forwarded-for", "rubbish".parse().unwrap());
        assert_eq!(forwarded(&headers), None);
    }
}
