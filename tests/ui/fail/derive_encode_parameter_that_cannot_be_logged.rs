use hestia::Encode;

struct Money(u64);

#[derive(Encode)]
struct Cart<T> {
    total: T,
}

fn is_encode<T: Encode>() {}

fn check() {
    is_encode::<Cart<u64>>();
    is_encode::<Cart<Money>>();
}

fn main() {}
