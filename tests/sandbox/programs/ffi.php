<?php
// What PHP's own fences were about: an environment for a helper's loader, C by FFI, extensions, logs and mail as files.
@putenv("LD_PRELOAD=/box/work/evil.so");
if (function_exists("mail")) @mail("a@b", "c", "d", "", "-X/evalx-hostile");
@error_log("evalx", 3, "/var/lib/evalx-hostile");
@ini_set("open_basedir", "/");
@dl("../../../../../box/work/evil.so");
if (class_exists("FFI")) {
    try {
        $c = FFI::cdef("long syscall(long, ...); int getuid(void);");
        if ($c->syscall(165, "none", "/mnt", "tmpfs", 0, null) >= 0) echo "ESCAPED mount\n";
        if ($c->syscall(101, 16, 1, 0, 0) >= 0) echo "ESCAPED ptrace\n";
        if ($c->getuid() == 0) echo "ESCAPED root\n";
    } catch (Throwable $e) { echo "refused ", get_class($e), "\n"; }
}
foreach (["/etc/shadow", "/proc/1/environ", "php://filter/resource=/etc/shadow", "expect://id", "phar:///etc/shadow", "glob:///root/*", "data://text/plain,x"] as $path) {
    $text = @file_get_contents($path);
    if ($text !== false && $text !== "x") echo "ESCAPED $path\n";
}
foreach (["127.0.0.1", "169.254.169.254"] as $host)
    if (@fsockopen($host, 80, $n, $s, 0.2)) echo "ESCAPED $host\n";
echo "done\n";
