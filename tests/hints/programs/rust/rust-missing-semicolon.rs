fn main() {
    let a = 3;
    let b = 4
    println!("{}", a + b);
}
