//! Quill: the best known logger of C++, as it is without settings. Its statements are in `quill.cpp`; see `build.rs` for where
//! its sources come from.

use std::ffi::{CStr, CString, c_char};
use std::path::Path;

use super::{Need, Output, Peer};
use crate::failure::{Failure, Naming as _, Result};
use crate::usage;

pub(crate) struct Quill;

// What may be called at any time is `safe`; the others want texts that are there, and a logger that is turned on.
unsafe extern "C" {
    safe fn quill_peer_compiler() -> *const c_char;
    safe fn quill_peer_version() -> u32;
    fn quill_peer_set_up(text: *const c_char, json: *const c_char) -> *const c_char;
    fn quill_peer_arguments(order: u64, price: f64, symbol: *const u8, length: usize);
    fn quill_peer_constant();
    fn quill_peer_fields(order: u64, price: f64, symbol: *const u8, length: usize);
    fn quill_peer_off(order: u64);
    fn quill_peer_flush();
    fn quill_peer_finish();
}

/// For `operator new`.
#[unsafe(no_mangle)]
extern "C" fn hestia_compare_count_allocation() {
    usage::count();
}

/// As its headers say it, and who compiled them.
pub(crate) fn version() -> String {
    let version = quill_peer_version();
    // SAFETY: a constant of the library's.
    let compiler = unsafe { CStr::from_ptr(quill_peer_compiler()) };
    format!(
        "{}.{}.{} ({})",
        version / 10_000,
        version / 100 % 100,
        version % 100,
        compiler.to_string_lossy()
    )
}

impl Peer for Quill {
    const NAME: &'static str = "quill";
    const TITLE: &'static str = "Quill (C++)";
    const PACKAGES: &'static [&'static str] = &["Quill"];
    const REMARK: Option<&'static str> = Some(
        "C++; its queue is its own: it begins with 128 KiB and grows up to 2 GiB. Each statement is a function that Rust calls, \
         which costs a nanosecond or so",
    );

    fn unfit(_: Need) -> Option<&'static str> {
        None
    }

    fn set_up(output: Output, directory: &Path) -> Result<Self> {
        let path = |name: &str| {
            let path = directory.join(name);
            CString::new(path.into_os_string().into_encoded_bytes())
                .or_cannot("hand over a path to Quill")
        };
        let text = matches!(output, Output::Text | Output::TextAndJson).then(|| path("all.log"));
        let json = matches!(output, Output::Json | Output::TextAndJson).then(|| path("app.log"));
        let (text, json) = (text.transpose()?, json.transpose()?);
        let pointer =
            |path: &Option<CString>| path.as_ref().map_or(std::ptr::null(), |path| path.as_ptr());
        // SAFETY: texts that end with a zero, or null; both live until it returns, and it keeps copies.
        let trouble = unsafe { quill_peer_set_up(pointer(&text), pointer(&json)) };
        if trouble.is_null() {
            return Ok(Quill);
        }
        // SAFETY: a text that ends with a zero, and is kept there until the next call.
        let trouble = unsafe { CStr::from_ptr(trouble) };
        Err(Failure::new(format!(
            "cannot turn Quill on: {}",
            trouble.to_string_lossy()
        )))
    }

    #[inline(always)]
    fn arguments(&self, order: u64, price: f64, symbol: &str) {
        // SAFETY: it is turned on, since `self` is there; the text lives until it returns.
        unsafe { quill_peer_arguments(order, price, symbol.as_ptr(), symbol.len()) }
    }

    #[inline(always)]
    fn constant(&self) {
        // SAFETY: as above.
        unsafe { quill_peer_constant() }
    }

    #[inline(always)]
    fn fields(&self, order: u64, price: f64, symbol: &str) {
        // SAFETY: as above.
        unsafe { quill_peer_fields(order, price, symbol.as_ptr(), symbol.len()) }
    }

    #[inline(always)]
    fn off(&self, order: u64) {
        // SAFETY: as above.
        unsafe { quill_peer_off(order) }
    }

    fn flush(&self, _: &Path) {
        // SAFETY: as above.
        unsafe { quill_peer_flush() }
    }

    fn finish(self) {
        // SAFETY: as above, and nothing is logged any more.
        unsafe { quill_peer_finish() }
    }
}
