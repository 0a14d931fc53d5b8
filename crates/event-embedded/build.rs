//! Has the crate built again when a migration changes: `embed_migrations!` does not.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
