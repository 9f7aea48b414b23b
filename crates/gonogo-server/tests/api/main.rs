//! The API, met from outside by programs.

mod act;
mod allowed;
mod read;
mod server;
