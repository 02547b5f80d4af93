fn main() {
    hestia::hlog!(info, req = 5, req.path = "/");
    hestia::hlog!(info, a.b.c = 5, "x", a.b = "/");
}
