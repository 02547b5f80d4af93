//! A guard belongs to its thread: other threads get the scope.

fn main() {
    let guard = hestia::trace::start();
    std::thread::spawn(move || drop(guard));
}
