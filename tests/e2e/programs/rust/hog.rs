fn main() {
    let mut hoard: Vec<Vec<u8>> = Vec::new();
    loop {
        hoard.push(vec![1u8; 1 << 20]);
        if hoard[hoard.len() - 1][5] != 1 {
            println!("never");
        }
    }
}
