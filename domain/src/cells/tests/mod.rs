//! What is typed into cells, what is pasted, and what holds for every text.

mod pasting;
mod properties;
mod typing;
