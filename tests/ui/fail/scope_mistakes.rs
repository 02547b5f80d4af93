//! A scope takes key-values, in the grammar of statements, and nothing else.

struct Opaque;

fn main() {
    let user = 5;
    let _ = hestia::scope!();
    let _ = hestia::scope!("message");
    let _ = hestia::scope!(user, "message");
    let _ = hestia::scope!(user, user = 6);
    let _ = hestia::scope!(user.id = 5, user = 6);
    let _ = hestia::scope!(user; user_id = 5);
    let _ = hestia::scope!(5);
    let _ = hestia::scope!(opaque = Opaque);
    let _ = hestia::scope!(target: "db", user);
    let _ = hestia::scope!("" = 5);
    let _ = hestia::scope!(nobody);
}
