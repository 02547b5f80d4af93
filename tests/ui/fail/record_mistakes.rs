//! What is recorded is key-values, in the grammar of statements, and nothing else.

struct Opaque;

fn main() {
    let rows = 5;
    hestia::record!();
    hestia::record!("message");
    hestia::record!(rows, "message");
    hestia::record!(rows, rows = 6);
    hestia::record!(opaque = Opaque);
    hestia::record!(nobody);
}
