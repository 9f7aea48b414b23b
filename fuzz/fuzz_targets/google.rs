//! Any bytes as a push of Google's, as its token and as its set of keys.
#![no_main]

use gonogo_fuzz::deliver;
use gonogo_model::source::Provider;
use gonogo_server::ingest::oidc::Keys;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = Keys::parse(data);
    deliver(&[Provider::GooglePubsub, Provider::CloudMonitoring], data);
});
