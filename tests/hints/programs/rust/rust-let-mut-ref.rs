fn inc(x: &mut i32) { *x += 1; }
fn main() { let mut a = 1; inc(&a); println!("{}", a); }
