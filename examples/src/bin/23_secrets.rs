//! What is never shown: by key, by path, by type, and by pattern in text.

use std::error::Error;

use hestia::{Encode, Redact, Redaction, SecretPattern, hlog};
use hestia_examples::{fresh_directory, records};
use serde_json::json;

#[derive(Encode, Redact)]
struct Login {
    user: &'static str,
    password: Redact<&'static str>,
    #[redact]
    pin: u16,
}

fn main() -> Result<(), Box<dyn Error>> {
    let directory = fresh_directory("23_secrets")?;
    let secrets = Redaction::default()
        .key("ssn")
        .except("page_token")
        .path("customer.*.iban")
        .patterns(SecretPattern::ALL);
    let builder = hestia::builder().console(hestia::Console::stdout());
    let hestia = builder.logs_dir(&directory).redact(secrets).init()?;

    // By key, whatever its spelling, in messages, too.
    let (password, access_token) = ("hunter2", "4711");
    hlog!(info, access_token, page_token = 3, "a secret: {password}");
    log::info!("X-Api-Key" = "4711", user_ssn = "078-05-1120"; "a record of the log crate");
    // Inside of values, by key and by path.
    let customer = json!({ "password": "hunter2", "home": { "iban": "DE89", "bank": "HSBC" } });
    hlog!(info, customer:serde = &customer, "a structure");
    // By type: whatever logs it, however.
    let login = Login {
        user: "ada",
        password: Redact::new(password),
        pin: 4711,
    };
    hlog!(info, login = &login, "{login:?}");
    // By pattern, in text that nobody has structured.
    log::info!("paid with 4111 1111 1111 1111, by ada@example.com");
    log::warn!("cannot reach postgres://app:hunter2@db/shop");

    // To be used, not to be shown.
    assert_eq!((login.password.expose(), login.pin), (&password, 4711));
    hestia.flush()?;
    println!("\nthe same in app.log:");
    for record in records(directory.join("app.log"))? {
        println!("  {}: {}", record["message"], record["metadata"]);
    }
    Ok(())
}
