use std::io;

fn main() {
    let mut word = String::new();
    io::stdin().read_line(&mut word).unwrap();
    let word = word.trim();
    println!("{}", word.length());
}
