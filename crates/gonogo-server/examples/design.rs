//! Serves the design page alone, to look at components while changing them.
//!
//! `cargo run -p gonogo-server --example design -- 127.0.0.1:8090`, then open `/design`.

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:8090".to_owned());
    let app = gonogo_server::web::router::<()>().layer(axum::middleware::from_fn(
        gonogo_server::web::headers::secure,
    ));
    let listener = tokio::net::TcpListener::bind(&address).await?;
    println!("http://{}/design", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}
