#include <stdio.h>
#define ASK(path) do { if (__has_include(path)) printf("ESCAPED %s\n", path); } while (0)
#if __has_include("/etc/shadow")
#error ESCAPED /etc/shadow
#endif
#if __has_include("/root/.bashrc") || __has_include("/var/lib/dpkg/status") || __has_include("/etc/ssh/sshd_config") || __has_include("/proc/1/environ")
#error ESCAPED the machine
#endif
#if __has_include("/proc/sys/kernel/hostname") || __has_include("/sys/class/dmi/id/product_name") || __has_include("/etc/machine-id")
#error ESCAPED the machine
#endif
int main(void) { puts("done"); return 0; }
