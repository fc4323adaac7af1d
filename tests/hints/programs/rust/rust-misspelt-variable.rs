fn main() {
    let width = 4;
    let height = 5;
    let area = widht * height;
    println!("{}", area);
}
