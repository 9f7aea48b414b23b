//! The page of silences, as somebody without scripts uses it.

use gonogo_engine::input::CheckVerdict;
use gonogo_server::auth::Scope;

use crate::alertmanager::{PROM, Tool};
use crate::server::Server;

const OWN: &str = "source=gonogo-alerts&length=1h";

async fn html(server: &Server) -> String {
    let token = server.token(Scope::Read).await;
    let answer = server.get("/silences", &token).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text
}

#[tokio::test(flavor = "multi_thread")]
async fn an_own_alert_is_silenced_on_the_page_and_calls_when_that_is_ended() {
    let server = Server::start().await;
    let token = server.token(Scope::Respond).await;
    assert!(html(&server).await.contains("Nothing is silenced"));
    let body = format!("{OWN}&matchers=alertname%3Dfront-down&comment=we+know");
    let answer = server.form("/silences", &token, &body).await;
    assert!(
        answer.status.is_success() || answer.status.is_redirection(),
        "{answer:?}"
    );
    server
        .check_says("front-answers", CheckVerdict::Failing)
        .await;
    server
        .until(|v| {
            v.alerts
                .values()
                .any(|a| !a.silenced_by.is_empty() && a.reading.count > 0)
        })
        .await;
    assert!(server.app.site.view().incidents.is_empty());
    let page = html(&server).await;
    assert!(page.contains("alertname=&#34;front-down&#34;") || page.contains("front-down"));
    assert!(page.contains("we know") && page.contains("In force"));
    let id = server
        .app
        .site
        .view()
        .silences
        .keys()
        .next()
        .unwrap()
        .clone();
    let path = format!("/silences/gonogo-alerts/{id}/end");
    let reader = server.token(Scope::Read).await;
    assert_eq!(server.form(&path, &reader, "").await.status, 403);
    let ended = server.form(&path, &token, "").await;
    assert!(
        ended.status.is_success() || ended.status.is_redirection(),
        "{ended:?}"
    );
    server.message_to("ada").await;
    assert!(html(&server).await.contains("Over"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_silenced_is_said_beside_the_field() {
    let server = Server::start().await;
    let token = server.token(Scope::Respond).await;
    for (rest, said) in [
        ("matchers=&comment=x", "at least one matcher required"),
        (
            "matchers=alertname%3D~(&comment=x",
            "invalid regular expression",
        ),
        (
            "matchers=alertname%3D~.*&comment=x",
            "must not match the empty string",
        ),
        ("matchers=alertname%3Dx&comment=", "Say why"),
    ] {
        let answer = server
            .form("/silences", &token, &format!("{OWN}&{rest}"))
            .await;
        assert_eq!(answer.status, 422, "{rest}");
        assert!(answer.text.contains(said), "{rest}");
    }
    assert!(server.app.site.view().silences.is_empty());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silence_of_another_tool_made_here_is_seen_there() {
    let server = Server::start_with(PROM).await;
    let token = server.token(Scope::Respond).await;
    let body = "source=prom&length=1h&matchers=alertname%3DShop%0D%0Aseverity%3D~crit.*&comment=y";
    server.form("/silences", &token, body).await;
    let tool = Tool::of(&server);
    let listed = tool.get("/api/v2/silences").await;
    assert_eq!(listed[0]["matchers"][1]["isRegex"], true);
    tool.fires("Shop", "critical").await;
    assert_eq!(
        tool.get("/api/v2/alerts?silenced=false").await,
        serde_json::json!([])
    );
    assert!(server.app.site.view().incidents.is_empty());
    server.stop().await;
}
