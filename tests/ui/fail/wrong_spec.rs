struct Order;

fn main() {
    let name = "ada";
    hestia::hlog!(info, "{:x}", name);
    hestia::hlog!(info, "{name:e}");
    hestia::hlog!(info, "{}", Some(1));
    hestia::hlog!(info, "{}", Order);
    hestia::hlog!(info, "{:width$}", 1, width = "2");
    hestia::hlog!(info, "{:y}", 1);
}
