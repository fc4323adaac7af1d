use std::io;

fn main() {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    let mut seen = HashMap::new();
    for word in line.split_whitespace() {
        *seen.entry(word.to_string()).or_insert(0) += 1;
    }
    println!("{}", seen.len());
}
