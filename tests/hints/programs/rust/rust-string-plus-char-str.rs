fn main() {
    let a = "foo";
    let b = "bar";
    let both = a + b;
    println!("{}", both);
}
