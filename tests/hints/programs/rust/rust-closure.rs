use std::thread;
fn main() { let v = vec![1]; let h = thread::spawn(|| { println!("{:?}", v); }); h.join().unwrap(); }
