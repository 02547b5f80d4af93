use hestia::Redact;

#[derive(Redact)]
struct Nothing {
    user: String,
}

#[derive(Redact)]
union Both {
    #[redact]
    a: u8,
    b: u8,
}

#[derive(Redact)]
struct Marks {
    #[redact(partial)]
    a: u8,
    #[redact = "b"]
    b: u8,
    #[redact(skip)]
    c: u8,
    #[redact]
    #[redact]
    d: u8,
    #[redact()]
    e: u8,
}

#[derive(Redact)]
#[redact]
struct Around {
    #[redact]
    a: u8,
}

#[derive(Redact)]
enum Variants {
    #[redact]
    Unit,
    #[redact(skip)]
    Shown(u8),
    Hidden(#[redact] u8),
}

#[derive(Redact)]
#[redact(skip)]
struct Whole(#[redact] u8);

#[derive(Redact)]
struct Shown {
    #[redact]
    a: u8,
    b: NoDebug,
}

struct NoDebug;

fn main() {}
