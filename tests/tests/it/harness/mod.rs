//! The real program, run and asked from outside.

pub(crate) use keelway_tests::{
    Answer, Api, House, Server, api, books, chaos, dice, postgres, sse, within,
};
