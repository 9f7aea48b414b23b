//! How each kind of source is set up at its provider: one text a kind, for pages and the shell.
//!
//! A new kind does not compile without its text. Invariant: a text names commands and clicks,
//! never a secret.

use gonogo_model::source::Provider;

use super::RejectCode;

/// The URL where no package says one.
pub const EXAMPLE_URL: &str = "https://gonogo.example.com/in/ID";

/// What to do at the provider, step by step, for a source at `url`.
pub fn steps(kind: Provider, url: &str) -> String {
    let text = match kind {
        Provider::Stripe => include_str!("setup/stripe.txt"),
        Provider::Fivetran => include_str!("setup/fivetran.txt"),
        Provider::Github => include_str!("setup/github.txt"),
        Provider::Cloudevents => include_str!("setup/cloudevents.txt"),
        Provider::GooglePubsub => include_str!("setup/google-pubsub.txt"),
        Provider::CloudMonitoring => include_str!("setup/cloud-monitoring.txt"),
        Provider::StandardWebhooks => include_str!("setup/standard-webhooks.txt"),
        Provider::Alertmanager => include_str!("setup/alertmanager.txt"),
        Provider::Grafana => include_str!("setup/grafana.txt"),
        Provider::Pagerduty => include_str!("setup/pagerduty.txt"),
    };
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    text.replace("{url}", url)
        .replace("{scheme}", scheme)
        .replace("{host}", host)
        .replace("{path}", &format!("/{path}"))
}

/// What each refusal means and what to do, a line each.
pub fn refusals() -> String {
    let line = |code: RejectCode| {
        format!(
            "  {} {:<22} {}\n",
            code.status(),
            code.as_str(),
            code.advice()
        )
    };
    RejectCode::ALL.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_says_where_to_send_and_how_to_test() {
        for kind in Provider::ALL.iter().copied() {
            let text = steps(kind, "https://here.example.com/in/x");
            assert!(text.contains("https://here.example.com/in/x"), "{kind}");
            assert!(text.contains("Test:"), "{kind}");
            for place in ["{url}", "{scheme}", "{host}", "{path}"] {
                assert!(!text.contains(place), "{kind}");
            }
        }
        let text = steps(Provider::Alertmanager, "http://127.0.0.1:8080/in/prom");
        let block = "- scheme: http\n           path_prefix: /in/prom\n";
        assert!(text.contains(block), "{text}");
        assert!(text.contains("targets: [\"127.0.0.1:8080\"]"));
        assert!(refusals().contains("503 keys_unavailable"));
    }
}
