fn main() {
    let mut children = Vec::new();
    for _ in 0..1000 {
        match std::process::Command::new("/bin/sleep").arg("1000").spawn() {
            Ok(child) => children.push(child),
            Err(_) => {
                println!("refused");
                return;
            }
        }
    }
    println!("never refused");
}
