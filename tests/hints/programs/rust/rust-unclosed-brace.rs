fn main() {
    for i in 1..4 {
        if i % 2 == 1 {
            println!("{}", i);
    }
}
