use std::process::Command;
// Through a shell, from a language that has none.
fn main() {
    for (what, line) in [("shadow", "cat /etc/shadow"), ("mount", "mount -t tmpfs x /tmp"), ("network", "exec 3<>/dev/tcp/1.1.1.1/53"), ("usr", "touch /usr/evalx-hostile"),
                         ("root", "unshare -Ur true"), ("signal", "kill -9 2"), ("device", "mknod /tmp/n c 1 1")] {
        if Command::new("/bin/bash").args(["-c", line]).stderr(std::process::Stdio::null()).status().map(|s| s.success()).unwrap_or(false) {
            println!("ESCAPED {}", what);
        }
    }
    println!("done");
}
