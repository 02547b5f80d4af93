fn main() {
    hestia::hlog!(inof, "ready");
    hestia::hlog!(critcal, user_id = 5);
}
