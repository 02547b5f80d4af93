//! What programs say of themselves that are to find each other's crash-safe rings.

/// The same application and the same files, with rings in `rings`.
pub fn builder() -> hestia::Builder {
    hestia::builder()
        .app("crash")
        .env(false)
        .console(false)
        .crash_safe("rings")
        .metadata("region", "eu-1")
}
