//! The door, met from outside: a listening server, browsers and programs.

mod account;
mod app;
mod first_run;
mod forms;
mod links;
mod login;
mod people;
mod roles;
mod secrets;
mod sessions;
mod throttle;
mod tokens;
