trait S { fn area(&self) -> f64; }
struct C; 
impl S for C {}
fn main() {}
