//! Any bytes as a delivery of Stripe's, snapshot or thin.
#![no_main]

use gonogo_fuzz::deliver;
use gonogo_model::source::Provider;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| deliver(&[Provider::Stripe], data));
