//! A listener that answers requests by script, well or badly.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

use super::tls::Acceptor;

/// What the listener does once a request has come.
#[derive(Clone)]
pub enum Script {
    /// Sends these bytes and closes.
    Send(Vec<u8>),
    /// Sends these bytes and keeps the connection open.
    SendAndHang(Vec<u8>),
    /// Sends these bytes and then a filler until nobody reads.
    SendForEver(Vec<u8>),
}

pub struct HttpServer {
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

/// A whole answer.
pub fn answer(status: u16, headers: &str, body: &str) -> Script {
    let length = body.len();
    let text = format!("HTTP/1.1 {status} Said\r\ncontent-length: {length}\r\n{headers}\r\n{body}");
    Script::Send(text.into_bytes())
}

pub fn ok(body: &str) -> Script {
    answer(200, "", body)
}

pub fn redirect(to: &str) -> Script {
    answer(302, &format!("location: {to}\r\n"), "")
}

impl HttpServer {
    pub async fn start(script: Script) -> Self {
        Self::routing(move |_| script.clone()).await
    }

    /// Answers by the request's path.
    pub async fn routing(route: impl Fn(&str) -> Script + Send + Sync + 'static) -> Self {
        Self::launch(route, None).await
    }

    /// The same over TLS.
    pub async fn secured(script: Script, acceptor: Acceptor) -> Self {
        Self::launch(move |_| script.clone(), Some(acceptor)).await
    }

    async fn launch(
        route: impl Fn(&str) -> Script + Send + Sync + 'static,
        acceptor: Option<Acceptor>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        let route = Arc::new(route);
        let task = tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let (route, log) = (Arc::clone(&route), Arc::clone(&log));
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    match acceptor {
                        None => converse(tcp, route.as_ref(), &log).await,
                        Some(acceptor) => {
                            if let Ok(tls) = acceptor.acceptor.accept(tcp).await {
                                converse(tls, route.as_ref(), &log).await;
                            }
                        }
                    }
                });
            }
        });
        Self {
            address,
            requests,
            task,
        }
    }

    /// The heads of all requests so far.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    route: &(dyn Fn(&str) -> Script + Send + Sync),
    log: &Mutex<Vec<String>>,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    log.lock().unwrap().push(head);
    match route(&path) {
        Script::Send(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Script::SendAndHang(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.flush().await;
            // Until the other side hangs up.
            let _ = stream.read_u8().await;
        }
        Script::SendForEver(bytes) => {
            let mut bytes = bytes;
            while stream.write_all(&bytes).await.is_ok() {
                bytes = vec![b'x'; 16 * 1024];
            }
        }
    }
}
