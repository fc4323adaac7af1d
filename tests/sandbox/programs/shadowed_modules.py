# Modules of the submission with the names of the library's, shared memory and semaphores left, an audit hook, and C by ctypes.
import ctypes, mmap, multiprocessing, os, signal, sys, threading
from multiprocessing import shared_memory

sys.addaudithook(lambda event, args: None)
libc = ctypes.CDLL(None, use_errno=True)
for what, call in {"unshare": (272, 0x10000000), "pivot_root": (155, b"/", b"/"), "chroot": (161, b"/tmp"), "bpf": (321, 0, 0, 0), "keyctl": (250, 0, -3, 1), "process_vm_writev": (311, 1, 0, 0, 0, 0, 0),
                   "pidfd_getfd": (438, 0, 0, 0), "io_uring": (425, 8, 0), "userfaultfd": (323, 1), "memfd_secret": (447, 0), "mount_setattr": (442, -100, b"/", 0, 0, 0), "listmount": (458, 0, 0, 0, 0)}.items():
    if libc.syscall(*call) >= 0:
        print("ESCAPED", what)
left = shared_memory.SharedMemory("evalx-hostile", create=True, size=1 << 20)
left.buf[:4] = b"left"
multiprocessing.Semaphore(3)
for i in range(8):
    if os.fork() == 0:
        os.setsid()
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
        threading.Thread(target=signal.pause).start()
        while True:
            signal.sigwait({signal.SIGUSR2})
sys.stdout.write("done\n")
sys.stdout.flush()
os.kill(os.getpid(), signal.SIGCONT)
os._exit(0)
