//! How long the default demo lake takes: 300,000 events over seven days, on all cores.

#![allow(clippy::expect_used, reason = "a bench stops where it cannot measure")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lakehound::demo::{DemoOptions, write_lake};

fn default_lake(criterion: &mut Criterion) {
    let home = tempfile::tempdir().expect("a folder for the lake");
    let lake = home.path().join("lake");
    let until = "2026-03-04T15:20:00Z".parse().expect("a time");
    let options = DemoOptions::new(until);
    let mut group = criterion.benchmark_group("demo");
    group.sample_size(10);
    group.throughput(Throughput::Elements(options.events as u64));
    group.bench_function("default lake", |bencher| {
        bencher.iter(|| write_lake(&lake, &options, &mut |_| {}).expect("a lake"));
    });
    group.finish();
}

criterion_group!(benches, default_lake);
criterion_main!(benches);
