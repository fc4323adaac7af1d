use std::io;

fn main() {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    let mut n: u64 = line.trim().parse().unwrap();
    let mut history = Vec::new();
    while n != 1 {
        history.push(n);
        n = if n % 2 == 0 { n + 2 } else { n / 2 };
    }
    println!("{}", history.len());
}
