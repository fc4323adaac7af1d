use std::io;

fn main() {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    let total = 0;
    for word in line.split_whitespace() {
        let n: i32 = word.parse().unwrap();
        total += n;
    }
    println!("{}", total);
}
