fn main() {
    let mut list = Vec::new();
    hestia::hlog!(info, count = list.len(), count = 2, "{}", { list.push(1u8); 1 });
    let unused = 5;
    hestia::hlog!(info, unused, unused, "x");
    let sum: u8 = list.iter().sum();
    hestia::hlog!(inof, sum, "x");
}
