#[hestia::main(redact = (
    keys = ["ssn", "", "user.ssn", "--"],
    except = "page_token",
    paths = ["user..number", ""],
    patterns = ["emial", "jwt", "credit"],
    expressions = ["(a", "b*"],
    list = 1,
    key = "ssn",
))]
fn main() {}
