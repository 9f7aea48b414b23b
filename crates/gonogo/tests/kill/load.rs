//! Clients that repeat each event until it gets its 2xx, and remember what did.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gonogo_server::ingest::{Secret, sign};
use jiff::Timestamp;
use tokio::task::JoinHandle;

use super::package::{FLOWS, SECRET};
use super::process::Random;

const CLIENTS: u64 = 4;
/// One start in so many never gets its end.
const LOST_ONE_IN: u64 = 60;

pub struct Load {
    stop: Arc<AtomicBool>,
    sent: Arc<Mutex<Sent>>,
    clients: Vec<JoinHandle<()>>,
}

/// What the clients know.
#[derive(Default)]
pub struct Sent {
    /// Ids of events that got a 2xx.
    pub acknowledged: BTreeSet<String>,
    /// Flow and key of starts that got a 2xx and whose end is never sent.
    pub lost: BTreeSet<(usize, String)>,
}

impl Load {
    pub fn start(url: String, seed: u64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let sent = Arc::new(Mutex::new(Sent::default()));
        let clients = (0..CLIENTS)
            .map(|n| {
                let client = Client {
                    http: reqwest::Client::builder()
                        .no_proxy()
                        .timeout(Duration::from_secs(2))
                        .build()
                        .unwrap(),
                    url: format!("{url}/in/app"),
                    random: Random::new(seed ^ (n + 1)),
                    sent: Arc::clone(&sent),
                    name: n,
                };
                tokio::spawn(client.run(Arc::clone(&stop)))
            })
            .collect();
        Self {
            stop,
            sent,
            clients,
        }
    }

    pub async fn stop(self) -> Sent {
        self.stop.store(true, Ordering::Release);
        for client in self.clients {
            client.await.unwrap();
        }
        std::mem::take(&mut self.sent.lock().unwrap())
    }
}

struct Client {
    http: reqwest::Client,
    url: String,
    random: Random,
    sent: Arc<Mutex<Sent>>,
    name: u64,
}

impl Client {
    async fn run(mut self, stop: Arc<AtomicBool>) {
        let mut number = 0;
        while !stop.load(Ordering::Acquire) {
            number += 1;
            let flow = self.random.next() as usize % FLOWS;
            let key = format!("k{}-{number}", self.name);
            self.until_taken(&format!("f{flow}.start"), &key).await;
            if self.random.next().is_multiple_of(LOST_ONE_IN) {
                self.sent.lock().unwrap().lost.insert((flow, key));
            } else {
                self.until_taken(&format!("f{flow}.end"), &key).await;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn until_taken(&self, kind: &str, key: &str) {
        let id = format!("{kind}-{key}");
        let body = format!(
            r#"{{"specversion":"1.0","id":"{id}","source":"/test","type":"{kind}","subject":"{key}"}}"#
        );
        loop {
            let now = Timestamp::now();
            let secret = Secret::new(SECRET).unwrap();
            let answer = self
                .http
                .post(&self.url)
                .header("content-type", "application/cloudevents+json")
                .header("webhook-id", &id)
                .header("webhook-timestamp", now.as_second().to_string())
                .header(
                    "webhook-signature",
                    sign::cloudevents(&secret, &id, body.as_bytes(), now).unwrap(),
                )
                .body(body.clone())
                .send()
                .await;
            match answer {
                Ok(answer) if answer.status().is_success() => break,
                Ok(answer) => assert!(
                    answer.status().is_server_error(),
                    "refused: {}",
                    answer.status()
                ),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        self.sent.lock().unwrap().acknowledged.insert(id);
    }
}
