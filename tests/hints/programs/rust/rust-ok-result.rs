use std::io;

fn main() {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    match line.trim().parse::<i32>() {
        Ok(n) => println!("{}", n),
        Err(error) => {
            eprintln!("error: {:?}", error);
            println!("not a number");
        }
    }
}
