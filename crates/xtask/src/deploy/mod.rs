//! What `deploy/` is tried with.

mod contained;
mod image_root;
mod tools;

pub(crate) use image_root::run as image_root;
pub(crate) use tools::provide;
