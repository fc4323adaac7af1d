fn main() {
    let squares: Vec<i32> = Vec::new();
    for i in 0..4 {
        squares.push(i * i);
    }
    println!("{:?}", squares);
}
