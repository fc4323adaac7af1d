use std::io;

fn main() {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    let a: Vec<i32> = line.split_whitespace().map(|w| w.parse().unwrap()).collect();
    let mut sum = 0;
    for i in 0..=a.len() {
        sum += a[i];
    }
    println!("{}", sum);
}
