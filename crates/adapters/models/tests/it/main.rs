//! The offline engine, held to descriptions kept beside this file.

mod build;
mod engine;
mod pages;
mod sites;
