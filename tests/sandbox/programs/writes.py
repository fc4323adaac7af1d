# Tries to write in every folder there is but its own.
import os
tried = 0
for top in ("/", "/artifact", "/bin", "/dev", "/etc", "/lib", "/proc/self", "/sbin", "/usr", "/var"):
    for folder, folders, files in os.walk(top):
        if folder.count("/") > 3 or folder.startswith(("/box", "/proc/")) and not folder.startswith("/proc/self"):
            folders[:] = []
            continue
        if os.path.realpath(folder).startswith("/box"):
            continue
        tried += 1
        for attempt in (lambda: open(folder + "/evalx-hostile", "w"), lambda: os.mkdir(folder + "/evalx-hostile"), lambda: os.symlink("/", folder + "/evalx-hostile"),
                        lambda: os.open(folder, os.O_TMPFILE | os.O_RDWR)):
            try:
                attempt()
                print("ESCAPED", folder)
            except OSError:
                pass
        for name in files[:5]:
            path = os.path.join(folder, name)
            if os.path.islink(path) or path.startswith("/dev/") or path.startswith("/proc/"):
                continue
            for attempt in (lambda: open(path, "r+b"), lambda: os.truncate(path, 0), lambda: os.unlink(path), lambda: os.rename(path, path + "x"), lambda: os.chmod(path, 0o777),
                            lambda: os.link(path, "/tmp/evalx-hostile-link"), lambda: os.utime(path)):
                try:
                    attempt()
                    print("ESCAPED", path)
                except OSError:
                    pass
for device in ("null", "zero", "full", "random", "urandom"):
    try:
        os.utime("/dev/" + device)
        print("ESCAPED the times of", device)
    except OSError:
        pass
print("tried enough" if tried > 20 else f"ESCAPED only {tried} folders")
print("done")
