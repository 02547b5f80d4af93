//! Arguments are borrowed, as those of `println!` are.
#![deny(warnings)]

struct Order;

impl std::fmt::Display for Order {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("order")
    }
}

fn takes<T>(_: T) {}

fn main() {
    let (order, text, list, error) = (Order, String::new(), vec![1], "x".parse::<u8>().unwrap_err());
    hestia::hlog!(info, text, list, shown = %order, err = error, "{order} {text} {list:?} {}", order);
    hestia::error!(err = error; "{error} {0}", text);
    takes((order, text, list, error));
}
