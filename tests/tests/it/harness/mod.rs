//! The real program, run and asked from outside.

pub(crate) use keelway_tests::{
    Answer, Api, House, LIMIT, Server, api, books, chaos, dice, postgres, sse, within,
};
