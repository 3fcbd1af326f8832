//! Model providers; here the offline engine.
