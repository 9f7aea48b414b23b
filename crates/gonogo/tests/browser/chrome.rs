//! Chromium through ChromeDriver, with words for what a person does.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::json;

/// A phone, in CSS pixels.
pub const PHONE: (u32, u32) = (390, 844);
/// A desk.
pub const DESK: (u32, u32) = (1280, 900);

pub struct Browser {
    client: Client,
    driver: Child,
    _profile: tempfile::TempDir,
}

impl Browser {
    pub async fn open() -> Self {
        let port = std::net::TcpListener::bind(("127.0.0.1", 0))
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("there is no chromedriver: `cargo xtask test` installs it");
        let profile = tempfile::tempdir().unwrap();
        let args = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
        ];
        let mut args: Vec<String> = args.iter().map(ToString::to_string).collect();
        args.push(format!("--user-data-dir={}", profile.path().display()));
        let mut capabilities = Capabilities::new();
        capabilities.insert(
            "goog:chromeOptions".into(),
            json!({"args": args, "binary": "/usr/bin/chromium"}),
        );
        let begin = Instant::now();
        let client = loop {
            let mut builder =
                ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
            match builder
                .capabilities(capabilities.clone())
                .connect(&format!("http://127.0.0.1:{port}"))
                .await
            {
                Ok(client) => break client,
                Err(error) => assert!(
                    begin.elapsed() < Duration::from_secs(30),
                    "no browser: {error}"
                ),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        Self {
            client,
            driver,
            _profile: profile,
        }
    }

    pub async fn go(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    pub async fn path(&self) -> String {
        self.client.current_url().await.unwrap().path().to_string()
    }

    pub async fn text(&self, selector: &str) -> String {
        match self.client.find(Locator::Css(selector)).await {
            Ok(element) => element.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    pub async fn until_path(&self, path: &str) {
        let begin = Instant::now();
        while self.path().await != path {
            assert!(
                begin.elapsed() < Duration::from_secs(15),
                "still at {} and not at {path}",
                self.path().await
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until the page says something, without reloading it: the live update has to.
    pub async fn until_text(&self, selector: &str, text: &str, within: Duration) {
        let begin = Instant::now();
        while !self.text(selector).await.contains(text) {
            assert!(
                begin.elapsed() < within,
                "{} never said `{text}`; it says:\n{}",
                self.path().await,
                self.text(selector).await
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// The same for a page without a script.
    pub async fn until_text_reloading(&self, selector: &str, text: &str, within: Duration) {
        let begin = Instant::now();
        while !self.text(selector).await.contains(text) {
            assert!(
                begin.elapsed() < within,
                "never said `{text}`; it says:\n{}",
                self.text(selector).await
            );
            tokio::time::sleep(Duration::from_millis(500)).await;
            self.client.refresh().await.unwrap();
        }
    }

    /// Presses the button with these words.
    pub async fn press(&self, words: &str) {
        self.click(&format!(
            "//button[contains(normalize-space(.), '{words}')]"
        ))
        .await;
    }

    /// Follows the link with these words.
    pub async fn follow(&self, words: &str) {
        self.click(&format!(
            "//main//a[contains(normalize-space(.), '{words}')]"
        ))
        .await;
    }

    async fn click(&self, xpath: &str) {
        let begin = Instant::now();
        loop {
            // A live update may replace the element between finding and pressing it.
            if let Ok(element) = self.client.find(Locator::XPath(xpath)).await
                && element.click().await.is_ok()
            {
                return;
            }
            assert!(
                begin.elapsed() < Duration::from_secs(15),
                "nothing to press at {xpath} on {}",
                self.path().await
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// A screenshot at one width, in the light theme.
    pub async fn shoot(&self, name: &str, size: (u32, u32)) {
        self.client.set_window_size(size.0, size.1).await.unwrap();
        let png = self.client.screenshot().await.unwrap();
        let dir = screenshots();
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join(format!("{name}-{}.png", size.0)), png).unwrap();
    }

    /// Phone and desk, light and dark.
    pub async fn shoot_all(&self, name: &str) {
        for theme in ["light", "dark"] {
            let set = format!("document.documentElement.dataset.theme = '{theme}'");
            self.client.execute(&set, Vec::new()).await.unwrap();
            for size in [PHONE, DESK] {
                self.shoot(&format!("{name}-{theme}"), size).await;
            }
        }
        let unset = "delete document.documentElement.dataset.theme";
        self.client.execute(unset, Vec::new()).await.unwrap();
    }

    pub async fn close(mut self) {
        self.client.clone().close().await.unwrap();
        self.driver.kill().unwrap();
        self.driver.wait().unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // After a failed assertion nobody else ends it.
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn screenshots() -> PathBuf {
    // Cargo's scratch directory for tests stands in the target directory, wherever that is.
    let scratch = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    scratch.parent().unwrap().join("screenshots")
}
