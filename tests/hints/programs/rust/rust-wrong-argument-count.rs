fn area(width: u32, height: u32) -> u32 {
    width * height
}

fn main() {
    let side = 3;
    println!("{}", area(side));
}
