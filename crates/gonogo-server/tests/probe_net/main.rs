//! The checks of DNS, registrations, ports, gRPC and ACME challenges, against real listeners.

mod acme;
mod dns;
mod fleet;
mod grpc;
mod nameserver;
#[path = "../probe_support/mod.rs"]
mod probe_support;
mod registration;
mod tcp;

use gonogo_server::probe::{ProbeResult, Verdict};

fn told(result: &ProbeResult) -> (Verdict, &'static str) {
    (result.verdict, result.code)
}

fn failing(code: &'static str) -> (Verdict, &'static str) {
    (Verdict::Failing, code)
}

fn unknown(code: &'static str) -> (Verdict, &'static str) {
    (Verdict::Unknown, code)
}

const OK: (Verdict, &str) = (Verdict::Ok, "ok");
