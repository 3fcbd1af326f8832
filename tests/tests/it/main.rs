//! The whole program, from outside: the binary is started, asked, killed and started again.

#![cfg(test)]

mod chaos;
mod checkers;
mod cli;
mod concurrency;
mod differential;
mod drain;
mod endings;
mod hanging_up;
mod harness;
mod hostile;
mod idempotency;
mod kills;
mod main_job;
mod openapi;
mod processes;
mod reading;
mod refusals;
mod tenants;
mod workers;
