fn main() {
    let values = [10, 20, 30];
    let i: i32 = 1;
    println!("{}", values[i]);
}
