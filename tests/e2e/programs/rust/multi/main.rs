mod triple;

fn main() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    println!("{}", triple::triple(line.trim().parse().unwrap()));
}
