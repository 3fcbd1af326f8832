//! Two processes and a real server, which is killed, stopped, filled and flushed.

#![cfg(test)]

mod faults;
mod groups;
mod house;
mod limiter;
mod logs;
mod rule;
mod server;
mod signals;
