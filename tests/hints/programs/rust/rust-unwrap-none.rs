use std::io;

fn main() {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    let second = line.split_whitespace().nth(1).unwrap();
    println!("{}", second);
}
