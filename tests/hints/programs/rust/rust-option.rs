fn main() { let x: Option<i32> = Some(3); println!("{}", x + 1); }
