//! Every way in which a process can end.

use std::sync::atomic::Ordering;
use std::{fs, process, thread};

use hestia_tests::counters;

use crate::{Outcome, THREADS, print};

/// Ends the process. Returns for the ending that is a return from `main`.
pub(super) fn end(ending: &str) -> Outcome {
    match ending {
        "return" => {}
        "error" => return Err("the end".into()),
        "exit" => process::exit(3),
        "exit_elsewhere" => exit_elsewhere(),
        "panic" => panic!("the end"),
        "abort" => cannot_unwind(),
        "second_panic" => {
            let _panics = PanicsWhenDropped;
            panic!("the end");
        }
        "terminate" => wait_for(libc::SIGTERM),
        "interrupt" => wait_for(libc::SIGINT),
        "fault" => fault(),
        "fault_in_file" => fault_in_file()?,
        "overflow" => drop(overflow(&[])),
        "abort_by_itself" => process::abort(),
        "killed_as_by_fault" => wait_for(libc::SIGSEGV),
        unknown => return Err(format!("there is no ending {unknown}").into()),
    }
    Ok(())
}

/// Reads where nothing is: in the page of the null pointer, which the compiler would not let pass by itself.
pub(super) fn fault() {
    // SAFETY: none; the process is to die of it.
    let _ = unsafe { std::ptr::without_provenance::<u8>(8).read_volatile() };
}

/// Reads a part of a file that is not there any more.
fn fault_in_file() -> Outcome {
    let mapped = counters::create("truncated", THREADS as usize)?;
    fs::File::options()
        .write(true)
        .open("truncated")?
        .set_len(0)?;
    print(mapped[0].load(Ordering::Relaxed))
}

/// Calls itself until there is no stack left.
fn overflow(before: &[u8]) -> usize {
    let mut more = [before.len() as u8; 4096];
    std::hint::black_box(&mut more);
    match before.len() {
        usize::MAX => 0,
        _ => overflow(&more) + usize::from(std::hint::black_box(&more)[0]),
    }
}

fn exit_elsewhere() -> ! {
    thread::spawn(|| process::exit(3));
    wait()
}

/// A panic that may not leave the function aborts, as every panic does under `panic = "abort"`.
extern "C" fn cannot_unwind() {
    panic!("the end");
}

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("the very end");
    }
}

/// Sends this process a signal that ends it.
pub(super) fn wait_for(signal: libc::c_int) -> ! {
    // SAFETY: takes numbers only.
    unsafe { libc::kill(libc::getpid(), signal) };
    wait()
}

pub(super) fn wait() -> ! {
    loop {
        thread::park();
    }
}
