//! Compiles the statements of Quill, a logger of C++, where the feature `quill` asks for that:
//!
//! ```sh
//! git clone --depth 1 --branch v12.1.0 https://github.com/odygrd/quill
//! QUILL=$PWD/quill cargo run --release --features quill --manifest-path hestia/benches/compare/Cargo.toml
//! ```

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "quill")]
    quill();
}

#[cfg(feature = "quill")]
fn quill() {
    const STATEMENTS: &str = "src/peers/quill.cpp";
    println!("cargo::rerun-if-changed={STATEMENTS}");
    println!("cargo::rerun-if-env-changed=QUILL");
    let headers = std::env::var_os("QUILL").map(|sources| {
        std::path::absolute(std::path::Path::new(&sources).join("include"))
            .expect("the current directory has a name")
    });
    let Some(headers) = headers.filter(|headers| headers.join("quill/Logger.h").is_file()) else {
        println!(
            "cargo::error=the feature `quill` needs the sources of Quill: \
             git clone --depth 1 --branch v12.1.0 https://github.com/odygrd/quill, and QUILL=the whole path of that directory"
        );
        return;
    };
    // As its authors build their benchmarks.
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .opt_level(3)
        .define("NDEBUG", None)
        .include(headers)
        .file(STATEMENTS)
        .compile("quill_peer");
}
