use std::io;

fn per_pupil(sweets: i32, pupils: i32) -> i32 {
    sweets / pupils
}

fn main() {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    let v: Vec<i32> = line.split_whitespace().map(|w| w.parse().unwrap()).collect();
    println!("{}", per_pupil(v[0], v[1]));
}
