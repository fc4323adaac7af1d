use std::io;

fn main() {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    if line.trim() != "start" {
        println!("unknown command");
        std::process::exit(7);
    }
    println!("started");
}
