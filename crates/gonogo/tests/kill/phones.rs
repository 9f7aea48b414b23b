//! The people's phones: a server that speaks enough ntfy, and is not always well.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::process::Random;

#[derive(Clone)]
pub struct Phones {
    port: u16,
    state: Arc<Mutex<Shown>>,
}

struct Shown {
    random: Random,
    behaves: bool,
    /// Idempotency key and title of each message that was taken.
    messages: Vec<(String, String)>,
    last: Instant,
}

impl Phones {
    pub async fn open(seed: u64) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .unwrap();
        let shown = Shown {
            random: Random::new(seed ^ 77),
            behaves: false,
            messages: Vec::new(),
            last: Instant::now(),
        };
        let phones = Self {
            port: listener.local_addr().unwrap().port(),
            state: Arc::new(Mutex::new(shown)),
        };
        let routes = Router::new()
            .route("/", post(take))
            .with_state(phones.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        phones
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// From here on nothing is refused.
    pub fn behave(&self) {
        self.state.lock().unwrap().behaves = true;
    }

    pub fn messages(&self) -> Vec<(String, String)> {
        self.state.lock().unwrap().messages.clone()
    }

    /// Waits until nothing has come for so long.
    pub async fn until_quiet(&self, quiet: Duration) {
        let begin = Instant::now();
        while self.state.lock().unwrap().last.elapsed() < quiet {
            assert!(
                begin.elapsed() < Duration::from_secs(120),
                "messages do not stop coming"
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

async fn take(
    State(phones): State<Phones>,
    Json(message): Json<Value>,
) -> (StatusCode, Json<Value>) {
    let luck = {
        let mut shown = phones.state.lock().unwrap();
        if shown.behaves {
            99
        } else {
            shown.random.next() % 100
        }
    };
    if luck < 8 {
        return (
            StatusCode::INTERNAL_SERVER_ERROR,
            Json(json!({"error": "not now"})),
        );
    }
    let text = |name: &str| message[name].as_str().unwrap_or_default().to_string();
    {
        let mut shown = phones.state.lock().unwrap();
        shown.messages.push((text("sequence_id"), text("title")));
        shown.last = Instant::now();
    }
    // Taken, and slow to say so: a kill in between leaves the send in doubt.
    if luck < 25 {
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    (StatusCode::OK, Json(json!({"id": "x", "event": "message"})))
}
