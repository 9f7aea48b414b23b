//! Any bytes as a delivery of GitHub's, JSON or a form.
#![no_main]

use gonogo_fuzz::deliver;
use gonogo_model::source::Provider;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| deliver(&[Provider::Github], data));
