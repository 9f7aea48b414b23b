//! Serves the design page alone, to look at components while changing them.
//!
//! `cargo run -p gonogo-server --example design -- 127.0.0.1:8090`, then open `/design`.

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use futures::StreamExt as _;
use gonogo_server::web;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let address = std::env::args().nth(1);
    let address = address.unwrap_or_else(|| "127.0.0.1:8090".to_owned());
    let app = web::router::<()>()
        .route("/live", get(live))
        .layer(axum::middleware::from_fn(web::headers::secure));
    let listener = tokio::net::TcpListener::bind(&address).await?;
    println!("http://{}/design", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

/// Says once that nothing changed, and stays open.
async fn live() -> impl IntoResponse {
    let word = futures::stream::once(async { Ok::<_, std::io::Error>(Bytes::from("data: 0\n\n")) });
    let body = Body::from_stream(word.chain(futures::stream::pending()));
    ([(CONTENT_TYPE, "text/event-stream")], body)
}
