use std::io;

fn main() {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    eprintln!("thread 'main' panicked at 'index out of bounds: the len is 3 but the index is 9', main.rs:9:5");
    println!("{}", line.trim());
}
