//! Use cases: authorise, one command, one view.
