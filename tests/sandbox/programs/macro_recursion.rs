#![recursion_limit = "100000000"]
macro_rules! bomb { ($($t:tt)*) => { bomb!($($t)* $($t)* x) } }
fn main() { bomb!(x); }
