//! gonogo
fn main() {}
