use hestia::testing::Capture;

#[hestia::test]
struct NoFunction;

#[hestia::test]
fn generic<T>() {}

#[hestia::test]
fn with_where() where u8: Copy {}

#[hestia::test]
const fn constant() {}

#[hestia::test]
unsafe fn not_safe() {}

#[hestia::test]
extern "C" fn foreign() {}

#[hestia::test]
fn too_many(_capture: &Capture, _number: u8) {}

#[hestia::test]
fn mutable(_capture: &mut Capture) {}

struct Tests;

impl Tests {
    #[hestia::test]
    fn method(&self) {}
}

#[hestia::test]
async fn without_runtime() {}

#[hestia::test]
#[test]
async fn without_runtime_either() {}

#[hestia::test]
#[hestia::test(deny_errors)]
fn stands_here_twice() {}

fn main() {}
