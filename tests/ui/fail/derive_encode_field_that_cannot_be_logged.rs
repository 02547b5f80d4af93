use hestia::Encode;

struct Money(u64);

#[derive(Encode)]
struct Cart {
    total: Money,
    #[hestia(display)]
    shown: Money,
    #[hestia(debug)]
    debugged: Money,
    #[hestia(serde)]
    serialized: Money,
    #[hestia(bytes)]
    raw: Money,
}

fn main() {}
