//! Somebody watches the demonstration in a browser: signs in by the printed link, sees the
//! incident appear, acknowledges it, and sees the public page change.
//!
//! Debian's Chromium, driven through ChromeDriver. Screenshots are left under
//! `target/screenshots/`, at the width of a phone and of a desk, light and dark.

mod chrome;
mod demo;

use std::time::Duration;

use chrome::{Browser, DESK, PHONE};
use demo::Demo;

/// How long something that the demonstration brings about may take.
const SOON: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_watches_the_demonstration() {
    let demo = Demo::start();
    let browser = Browser::open().await;

    // Without signing in there is nothing to see but the public page.
    browser.go(&demo.url("/")).await;
    browser.until_path("/login").await;
    browser.go(&demo.url("/status")).await;
    let calm = browser.text("body").await;
    assert!(
        !calm.contains("Investigating"),
        "nothing was published yet: {calm}"
    );
    browser.shoot("status-calm", DESK).await;

    // The printed link signs in once; reading it does nothing.
    browser.go(&demo.enter_url()).await;
    browser.press("Continue").await;
    browser.until_path("/").await;
    browser.shoot("overview-calm", DESK).await;

    // The overview changes by itself when the outage comes.
    browser.until_text("main", "SEV1", SOON).await;
    browser
        .until_text("main", "Google Cloud us-west1", SOON)
        .await;
    browser.shoot_all("overview").await;

    // The incident, its cause, and who was called.
    browser.follow("Google Cloud us-west1").await;
    browser.until_text("main", "us-west1", SOON).await;
    let incident = browser.path().await;
    assert!(incident.starts_with("/incidents/"), "{incident}");
    browser.shoot_all("incident").await;
    browser.press("Acknowledge").await;
    browser.until_text("main", "Administrator", SOON).await;
    browser.shoot("incident-acknowledged", PHONE).await;

    // Customers were told by the rule of the package.
    browser.go(&demo.url("/status")).await;
    browser
        .until_text_reloading("body", "Investigating", SOON)
        .await;
    browser.shoot_all("status").await;

    for (name, path) in [
        ("graph", "/graph"),
        ("signals", "/signals"),
        ("launch", "/launch"),
        ("risks", "/risks"),
        ("runbook", "/runbooks/combined-outage"),
    ] {
        browser.go(&demo.url(path)).await;
        browser.shoot_all(name).await;
    }
    browser.close().await;
    demo.until_over();
}
