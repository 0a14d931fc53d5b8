//! The migrations are embedded by a macro, whose input cargo does not see.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
