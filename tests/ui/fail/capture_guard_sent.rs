fn main() {
    let capture = hestia::testing::capture();
    std::thread::spawn(move || drop(capture));
}
