use std::sync::atomic::{AtomicU64, Ordering};

static I: AtomicU64 = AtomicU64::new(0);

fn main() {
    loop {
        I.fetch_add(1, Ordering::Relaxed);
    }
}
