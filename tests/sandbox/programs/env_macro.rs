const A: Option<&str> = option_env!("SECRET_KEY");
const B: Option<&str> = option_env!("EVALX_STATE_DIR");
const P: Option<&str> = option_env!("PATH");
fn main() {
    if A.is_some() || B.is_some() { println!("ESCAPED {:?} {:?}", A, B); }
    println!("{}", P.unwrap_or(""));
    println!("done");
}
