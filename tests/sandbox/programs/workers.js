// Threads, WebAssembly memories, a debugger that listens, a child that is let go, internal bindings.
const { Worker, isMainThread } = require("worker_threads");
if (isMainThread) {
    process.on("exit", () => console.log("done"));
    try { require("inspector").open(40000, "127.0.0.1"); } catch (e) { console.log("refused inspector"); }
    require("child_process").spawn("/bin/sh", ["-c", "while :; do :; done"], { detached: true, stdio: "inherit" }).unref();
    for (const name of ["spawn_sync", "fs", "uv"]) try { process.binding(name); } catch (e) { console.log("refused", name); }
    for (const path of ["/etc/shadow", "/proc/1/environ"]) try { require("fs").readFileSync(path); console.log("ESCAPED", path); } catch (e) { console.log("refused", path); }
    try { process.setuid(0); console.log("ESCAPED setuid"); } catch (e) { console.log("refused setuid"); }
    try { process.kill(1, "SIGKILL"); process.kill(1, 0) } catch (e) { console.log("refused", e.code); }
    for (let i = 0; i < 8; i++) new Worker(__filename).on("error", () => {});
    setTimeout(() => process.exit(0), 300);
} else {
    new WebAssembly.Memory({ initial: 1, maximum: 65536 });
    for (;;);
}
