struct Order;

fn main() {
    hestia::hlog!(error, err = Order, "failed");
    hestia::hlog!(error, err = &Some(Order));
}
