fn main() {
    let zero = std::env::args().count() as i32 - 1;
    println!("{}", 1 / zero);
}
