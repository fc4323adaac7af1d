use std::io;

fn withdraw(balance: u32, sum: u32) -> u32 {
    if sum > balance {
        panic!("sum is larger than the balance");
    }
    balance - sum
}

fn main() {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    let balance: u32 = line.trim().parse().unwrap();
    println!("{}", withdraw(balance, 8));
}
