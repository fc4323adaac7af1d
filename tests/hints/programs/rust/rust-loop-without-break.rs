use std::io;

fn main() {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    let n: u64 = line.trim().parse().unwrap();
    let low = 1;
    let mut sum: u64 = 0;
    while low <= n {
        sum = sum.wrapping_mul(31).wrapping_add(low);
        if sum == 77 {
            println!("found");
        }
    }
    println!("{}", sum);
}
