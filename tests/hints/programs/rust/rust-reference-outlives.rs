fn main() {
    let longest;
    {
        let word = String::from("abc");
        longest = &word;
    }
    println!("{}", longest);
}
