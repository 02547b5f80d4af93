fn main() {
    let number = "5".parse().unwrap_or_default();
    hestia::hlog!(info, target = 1, a = number, a = 2, "" = 3, "{}", missing);
    let _: u8 = number;
    hestia::hlog!(info, a = 1);
}
