//! Any bytes as alerts of Alertmanager, Grafana and PagerDuty's clients.
#![no_main]

use gonogo_fuzz::deliver;
use gonogo_model::source::Provider;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| deliver(
    &[
        Provider::Alertmanager,
        Provider::Grafana,
        Provider::Pagerduty
    ],
    data
));
