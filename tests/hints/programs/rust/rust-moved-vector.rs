fn count(list: Vec<String>) -> usize {
    list.len()
}

fn main() {
    let names = vec![String::from("Ann"), String::from("Bo")];
    println!("{}", count(names));
    println!("{}", names[0]);
}
