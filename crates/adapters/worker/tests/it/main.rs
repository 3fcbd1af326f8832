//! Workers on fake ports, one thread and virtual time: what they write, and what they never do.

#![cfg(test)]

mod crash;
mod fakes;
mod fault;
mod flow;
mod gate;
mod lease;
mod queue;
mod world;
