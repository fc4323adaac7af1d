fn main() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    println!("Grüße 日本 🎉 {}", line.trim());
}
