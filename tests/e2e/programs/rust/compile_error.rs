fn main() {
    let text = String::from("moved");
    let other = text;
    println!("{} {} {}", text, other, undeclared_thing);
}
