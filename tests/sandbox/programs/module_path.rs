// Modules, strings and libraries from places that are not the submission's.
#[path = "/proc/self/environ"]
mod environment;
#[path = "/etc/shadow"]
mod shadow;
const TEXT: &str = include_str!("/proc/self/mem");
#[link(name = "../../../../etc/passwd", kind = "static")]
extern "C" { fn nothing(); }
fn main() { println!("ESCAPED {}", TEXT); unsafe { nothing() } }
