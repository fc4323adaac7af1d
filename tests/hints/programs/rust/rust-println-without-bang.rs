fn main() {
    let word = "hello";
    println("{}", word);
}
