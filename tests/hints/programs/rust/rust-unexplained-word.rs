use std::io;

fn main() {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    let year: i32 = line.trim().parse().unwrap();
    if year % 4 == 3 || year % 400 == 0 {
        println!("leap");
    } else {
        println!("common");
    }
}
