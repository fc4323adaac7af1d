fn f(x: i32) -> i32 { if x > 1 { return 1; } }
fn main() { f(1); }
