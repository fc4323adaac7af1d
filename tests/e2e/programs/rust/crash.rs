fn main() {
    println!("before");
    let none: Vec<i32> = std::env::args().skip(1).map(|a| a.len() as i32).collect();
    println!("{}", none[5]);
}
