//! Keeps the SQL entities in the linked library, from which `tools/install-script` writes the install script.
fn main() {
    println!("cargo::rustc-link-arg-cdylib=-Wl,--no-gc-sections");
    println!("cargo::rerun-if-changed=build.rs");
}
