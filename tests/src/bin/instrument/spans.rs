//! Calls in calls, in scopes and in tasks, and whose they are.

use std::thread;

use hestia::{Scope, instrument, scope, trace};
use log::info;

use super::runtime;

#[instrument]
fn inner(depth: u32) {
    info!("deepest");
    if depth > 1 {
        inner(depth - 1);
    }
}

pub(super) fn spans() {
    let trace = trace::start();
    info!(span_of = format!("{:016x}", trace.ids().span_id); "request");
    inner(3);
    let request = trace.scope();
    drop(trace);
    inner(1);
    elsewhere(&request, 1);
    let _scope = scope!(request_id = 17);
    let _other = trace::start();
    elsewhere(&request, 2);
    runtime().block_on(elsewhere_later(request));
    alone();
}

#[instrument(parent = request, skip(request), completed = false)]
fn elsewhere(request: &Scope, number: u8) {
    info!("in elsewhere {number}");
}

#[instrument(parent = request.clone(), skip_all, completed = false)]
async fn elsewhere_later(request: Scope) {
    tokio::task::yield_now().await;
    info!("in elsewhere, later");
    drop(request);
}

#[instrument(parent = Scope::detached(), completed = false)]
fn alone() {
    info!("in none");
}

#[instrument]
async fn step(task: u64, part: u64) {
    for _ in 0..(task + part) % 3 {
        tokio::task::yield_now().await;
    }
    info!(said = task; "in part {part}");
}

#[instrument]
async fn task(task: u64) {
    info!(said = task; "in task");
    tokio::join!(step(task, 1), step(task, 2));
    thread::yield_now();
    info!(said = task; "in task");
}

pub(super) fn tasks(count: u64) {
    runtime().block_on(async {
        let mut running = tokio::task::JoinSet::new();
        for number in 0..count {
            running.spawn(task(number));
        }
        while let Some(done) = running.join_next().await {
            done.expect("no panic");
        }
    });
}
