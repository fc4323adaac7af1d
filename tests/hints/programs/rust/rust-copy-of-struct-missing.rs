struct Point {
    x: i32,
    y: i32,
}

fn show(p: Point) {
    println!("{} {}", p.x, p.y);
}

fn main() {
    let start = Point { x: 1, y: 2 };
    show(start);
    println!("{}", start.x);
}
