use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::Arc;

fn main() {
    let total = Arc::new(AtomicI32::new(0));
    let threads: Vec<_> = (0..8)
        .map(|number| {
            let total = total.clone();
            std::thread::spawn(move || {
                for _ in 0..1000 {
                    total.fetch_add(number, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    println!("{}", total.load(Ordering::Relaxed));
}
