use std::io;

fn collatz(n: u64) -> u64 {
    let rest = if n % 2 == 0 { collatz(n / 2) } else { collatz(3 * n + 1) };
    println!("{} {}", n, rest);
    rest + 1
}

fn main() {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    println!("{}", collatz(line.trim().parse().unwrap()));
}
