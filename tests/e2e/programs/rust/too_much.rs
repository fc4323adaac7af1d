fn main() {
    let v: Vec<u8> = vec![1; 1usize << 50];
    println!("{}", v.len());
}
