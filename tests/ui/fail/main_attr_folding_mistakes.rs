#[hestia::main(fold_duplicates = true, crash_safe = "rings")]
fn main() {}

mod word {
    #[hestia::main(fold_duplicates = "errors")]
    pub fn main() {}
}

mod number {
    #[hestia::main(fold_duplicates = 5)]
    pub fn main() {}
}
