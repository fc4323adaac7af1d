enum Light {
    Red,
    Yellow,
    Green,
}

fn advice(light: Light) -> &'static str {
    match light {
        Light::Red => "stop",
        Light::Green => "go",
    }
}

fn main() {
    let all = [Light::Red, Light::Yellow, Light::Green];
    for light in all {
        println!("{}", advice(light));
    }
}
