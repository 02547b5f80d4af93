// An exception may show it, so it has to be a value.
use hestia::hlog;

struct Token;

fn main() {
    let token = Token;
    hlog!(info, token, "hidden");
    hlog!(info, "{token}");
}
