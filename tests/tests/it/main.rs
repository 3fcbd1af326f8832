//! The whole program, from outside: the binary is started, asked, killed and started again.

#![cfg(test)]

mod checkers;
mod cli;
mod concurrency;
mod drain;
mod endings;
mod hanging_up;
mod harness;
mod hostile;
mod idempotency;
mod kills;
mod main_job;
mod openapi;
mod reading;
mod refusals;
mod tenants;
mod workers;
