//! Secrets are shown to their owner once, and are nowhere else afterwards.

use std::fmt::Debug;
use std::sync::{Mutex, OnceLock};

use gonogo_server::auth::{FIRST_ADMIN, LinkPurpose, Scope};
use reqwest::Method;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::app::{App, PASSWORD, setup_form};

/// Everything that our own code logs in this process, at every level.
static LOG: OnceLock<Mutex<String>> = OnceLock::new();

struct Recorder;

impl Visit for Recorder {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut log = LOG.get_or_init(Mutex::default).lock().unwrap();
        log.push_str(&format!("{field}={value:?} "));
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("gonogo")
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Self);
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Self);
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut Self);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn no_secret_is_stored_logged_or_printed() {
    // Other tests of this process log into it as well, which does no harm.
    let _ = tracing::subscriber::set_global_default(Recorder);
    tracing::info!("recording");
    let app = App::start().await;
    let setup = app.auth.first_run(app.now()).await.unwrap().unwrap();
    let path = LinkPurpose::Setup.path(&setup);
    let mut browser = app.browser();
    browser.post(path.expose(), &setup_form()).await;
    let csrf = browser.whoami().await["csrf"].as_str().unwrap().to_owned();
    let admin = app.identity(FIRST_ADMIN).await;
    let new = app
        .auth
        .create_token(&admin, "ci", Scope::Admin, None, app.now());
    let new = new.await.unwrap();
    app.program(Method::GET, "/read", new.token.expose()).await;
    let enter = app.auth.enter_link(FIRST_ADMIN, app.now()).await.unwrap();
    // The password in the wrong field, and a handler that logs at error level.
    app.browser().login(PASSWORD, "admin").await;
    browser.get("/forgotten").await;

    let debug = format!(
        "{setup:?} {path:?} {new:?} {enter:?} {admin:?} {:?}",
        app.auth
    );
    let filter = gonogo_server::store::AuditFilter {
        limit: 1000,
        ..Default::default()
    };
    let audit = format!("{:?}", app.store.audit(&filter).unwrap());
    let log = LOG.get().unwrap().lock().unwrap().clone();
    assert!(
        log.contains("a handler stands outside of the door"),
        "{log}"
    );
    let mut files = String::new();
    for entry in std::fs::read_dir(app.dir.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        files.push_str(&String::from_utf8_lossy(&bytes));
    }
    assert!(files.contains("Ada Example"), "the rows are in there");
    let session = browser.token();
    for secret in [
        PASSWORD,
        setup.expose(),
        enter.expose(),
        new.token.expose(),
        &session,
        &csrf,
    ] {
        for (place, text) in [
            ("debug", &debug),
            ("audit", &audit),
            ("log", &log),
            ("files", &files),
        ] {
            assert!(!text.contains(secret), "a secret in {place}");
        }
    }
}
