fn main() {
    let user = 5;
    hestia::hlog!(info, "{usr} logged in");
    hestia::hlog!(info, id = usr, "logged in");
    hestia::hlog!(info, usr, "logged in");
}
