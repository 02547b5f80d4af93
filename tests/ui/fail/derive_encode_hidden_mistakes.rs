use hestia::Encode;

#[derive(Encode)]
struct Login {
    #[redact]
    #[hestia(display)]
    password: String,
    #[redact(skipp)]
    user: String,
}

fn main() {}
