// Compiled with as many code generation units, and so threads, as there are functions.
macro_rules! many { ($($n:ident)*) => { $(#[inline(never)] pub fn $n(x: u64) -> u64 { (0..x).map(|v| v * 3).sum() })* } }
many! { a b c d e f g h i j k l m n o p q r s t u v w x y z aa bb cc dd ee ff gg hh ii jj kk ll mm nn oo pp qq rr ss tt }
fn main() { println!("{}", a(3) + zz(4)); println!("done"); }
fn zz(x: u64) -> u64 { z(x) + tt(x) }
