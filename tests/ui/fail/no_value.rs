struct Order;

fn main() {
    let order = Order;
    hestia::hlog!(info, order = order, "bought");
    hestia::hlog!(info, order, "bought");
    hestia::hlog!(info, orders = [&order], "bought");
    hestia::hlog!(info, shown = %order, asked = ?order);
    hestia::hlog!(info, order:serde = order);
    hestia::hlog!(info, order:bytes = order);
}
