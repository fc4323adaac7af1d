use std::io;

fn main() {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    let unused = 5;
    let mut n: i32 = line.trim().parse().unwrap();
    println!("{}", n * n);
}
