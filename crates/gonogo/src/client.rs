//! Asking a running server, and saying calmly why that does not work.
//!
//! Invariant: the token goes to the server that was named and nowhere else: redirects are
//! not followed, and it is in no message.

use std::time::Duration;

use gonogo_server::api::{ProblemBody, ProblemText};
use reqwest::{Method, StatusCode, Url, header};
use serde::Serialize;
use serde_json::Value;

use crate::args::Server;
use crate::exit::Exit;
use crate::print;

/// How long an answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// The largest answer that is read.
const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;

/// A server to ask.
pub struct Client {
    base: Url,
    token: Option<String>,
    http: reqwest::Client,
}

/// Why there is no answer to go on with.
#[derive(Debug)]
pub enum Failure {
    /// Nobody answers there.
    Unreachable {
        /// Where.
        url: Url,
        /// Why, as far as the system says.
        why: String,
    },
    /// Something answers there that is no gonogo.
    Stranger {
        /// Where.
        url: Url,
        /// What it did.
        what: String,
    },
    /// The server refuses.
    Refused {
        /// The status.
        status: StatusCode,
        /// What it says.
        problem: ProblemText,
    },
}

impl Client {
    /// Asks the server that the arguments name.
    pub fn new(args: &Server) -> anyhow::Result<Self> {
        Self::with(&args.server, args.token.clone())
    }

    /// Asks a server with a token.
    pub fn with(server: &Url, token: Option<String>) -> anyhow::Result<Self> {
        let mut http = reqwest::Client::builder()
            .timeout(ANSWER_WITHIN)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("gonogo/", env!("CARGO_PKG_VERSION")));
        if is_here(server) {
            http = http.no_proxy();
        }
        Ok(Self {
            base: server.clone(),
            token: token.filter(|t| !t.trim().is_empty()),
            http: http.build()?,
        })
    }

    /// Reads what stands at a path of the API.
    pub async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.ask(Method::GET, path, None::<&()>).await
    }

    /// Sends a command.
    pub async fn post(&self, path: &str, body: &impl Serialize) -> Result<Value, Failure> {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// Takes away what stands at a path.
    pub async fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.ask(Method::DELETE, path, None::<&()>).await
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<Value, Failure> {
        let mut request = self.http.request(method, self.url(path));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.trim());
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|e| self.unreachable(&e))?;
        let status = response.status();
        if status.is_redirection() {
            let to = response.headers().get(header::LOCATION);
            let to = to.and_then(|to| to.to_str().ok()).unwrap_or("somewhere");
            return Err(self.stranger(format!("it points to {to}")));
        }
        let bytes = self.read(response).await?;
        let answer: Result<Value, _> = serde_json::from_slice(&bytes);
        match answer {
            Ok(answer) if status.is_success() => Ok(answer),
            Ok(answer) => match serde_json::from_value::<ProblemBody>(answer) {
                Ok(problem) => Err(Failure::Refused {
                    status,
                    problem: problem.error,
                }),
                Err(_) => Err(self.stranger(format!("it answers {status}"))),
            },
            Err(_) => Err(self.stranger(format!("it answers {status}, and not in JSON"))),
        }
    }

    async fn read(&self, mut response: reqwest::Response) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        while let Some(more) = response.chunk().await.map_err(|e| self.unreachable(&e))? {
            bytes.extend_from_slice(&more);
            if bytes.len() > ANSWER_BYTES_MAX {
                return Err(self.stranger("its answer has no end".to_owned()));
            }
        }
        Ok(bytes)
    }

    /// A path of the API under the server's address, which may itself have a path.
    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        let (path, query) = path
            .split_once('?')
            .map_or((path, None), |(p, q)| (p, Some(q)));
        url.set_path(&format!(
            "{}/api/v1{path}",
            self.base.path().trim_end_matches('/')
        ));
        url.set_query(query);
        url
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let why = if error.is_timeout() {
            format!("no answer within {} s", ANSWER_WITHIN.as_secs())
        } else {
            innermost(error)
        };
        let url = self.base.clone();
        Failure::Unreachable { url, why }
    }

    fn stranger(&self, what: String) -> Failure {
        let url = self.base.clone();
        Failure::Stranger { url, what }
    }
}

impl Failure {
    /// Says it to whoever typed the command, and how the command ends.
    pub fn report(&self) -> Exit {
        anstream::eprintln!("error: {self}");
        if let Some(help) = self.help() {
            anstream::eprintln!("help: {help}");
        }
        Exit::CouldNotRun
    }

    fn help(&self) -> Option<String> {
        let elsewhere = "say where it is with --server URL or GONOGO_SERVER";
        match self {
            Self::Unreachable { .. } => Some(format!(
                "is `gonogo serve` running? If it is elsewhere, {elsewhere}"
            )),
            Self::Stranger { .. } => Some(elsewhere.to_owned()),
            Self::Refused { status, problem } => match *status {
                StatusCode::UNAUTHORIZED => Some(
                    "put an API token into GONOGO_TOKEN; `gonogo token create NAME` makes one"
                        .to_owned(),
                ),
                _ => problem.help.clone(),
            },
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreachable { url, why } => write!(f, "no gonogo answers at {url} ({why})"),
            Self::Stranger { url, what } => write!(f, "what answers at {url} is no gonogo: {what}"),
            Self::Refused { problem, .. } => {
                let sentence = print::plain(problem.message.trim_end_matches('.'));
                write!(f, "{sentence} ({})", print::plain(&problem.code))
            }
        }
    }
}

impl std::error::Error for Failure {}

/// A path from its parts. What somebody typed may hold a slash, and is one part all the same.
pub fn path(parts: &[&str]) -> String {
    let mut url = Url::parse("http://localhost").ok();
    if let Some(mut segments) = url.as_mut().and_then(|url| url.path_segments_mut().ok()) {
        segments.clear().extend(parts);
    }
    url.map_or_else(|| "/".to_owned(), |url| url.path().to_owned())
}

/// On this machine, where no proxy can help.
fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = |a: std::net::IpAddr| a.is_loopback();
    host == "localhost" || address.parse().is_ok_and(is_loopback)
}

/// The last cause of an error, which is the one that says something: "connection refused".
fn innermost(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
