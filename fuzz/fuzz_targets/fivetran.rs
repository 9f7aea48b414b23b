//! Any bytes as a delivery of Fivetran's.
#![no_main]

use gonogo_fuzz::deliver;
use gonogo_model::source::Provider;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| deliver(&[Provider::Fivetran], data));
