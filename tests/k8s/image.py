# SPDX-License-Identifier: Apache-2.0
"""What the rig's containers are made of, in place of images: one folder with this machine's own /usr, evalx installed below /usr/local as
the Dockerfile does it, and Debian's redis-server. What an image says of itself (entry point, user, environment) is in IMAGES."""
import dataclasses
import os
import shutil
import subprocess
from pathlib import Path

from processes import RigError

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = (ROOT / os.environ.get("BUILD_DIR", "build")).resolve()
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
EVALX_USER = 10001


@dataclasses.dataclass(frozen=True)
class Image:
    entry: tuple
    arguments: tuple = ()
    user: int = 0
    environment: tuple = (("PATH", PATH),)


EVALX_ENVIRONMENT = (("PATH", PATH), ("EVALX_LISTEN", "0.0.0.0:2358"))
IMAGES = (  # by a word of the image's name, the first that fits; as in ../../Dockerfile and in Redis' own image
    ("evalx-api", Image(("/usr/local/bin/evalx",), ("api",), EVALX_USER, EVALX_ENVIRONMENT)),
    ("evalx", Image(("/usr/local/bin/evalx",), ("worker",), 0, EVALX_ENVIRONMENT)),
    ("prometheus-adapter", Image(("/usr/local/bin/adapter",), user=65534)),
    ("prometheus", Image(("/usr/local/bin/rig-prometheus",), user=65534)),
    ("redis", Image(("redis-server",))),
    ("valkey", Image(("valkey-server",))),
)


def find(name):
    for word, image in IMAGES:
        if word in name.rpartition("/")[2]:
            return image
    raise RigError(f"the rig has nothing that could stand for the image {name}")


def command(container):
    """What the container executes: as a container engine puts it together."""
    image = find(container["image"])
    if "command" in container:
        return list(container["command"]) + list(container.get("args", []))
    arguments = list(container.get("args", image.arguments))
    if image.entry[0].startswith("/") or not arguments or arguments[0].startswith("-") or arguments[0].endswith(".conf"):
        return list(image.entry) + arguments
    return arguments  # the entry points of Redis' and Valkey's images: anything else is a command


def mount(*words):
    subprocess.run(["mount", *map(str, words)], check=True, timeout=30)


def prepare(folder, languages):
    """Makes the folder a mount that holds what an image would; returns it. languages: the only definitions to install, for fast starts."""
    root = folder / "root"
    root.mkdir()
    mount("-t", "tmpfs", "-o", "mode=0755", "rig", root)
    for name in ("usr", "proc", "sys", "dev", "etc", "var", "tmp", "run", "root", ".rig"):
        (root / name).mkdir()
    (root / "tmp").chmod(0o1777)
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        if os.path.islink("/" + name):
            (root / name).symlink_to(os.readlink("/" + name))
    subprocess.run(["cp", "-a", "/etc/.", str(root / "etc")], check=False, timeout=60, capture_output=True)
    mount("--bind", "/usr", root / "usr")
    mount("-o", "remount,bind,ro", root / "usr")
    mount("-t", "tmpfs", "-o", "mode=0755", "rig", root / "usr/local")
    mount("-t", "proc", "proc", root / "proc")
    mount("--rbind", "/sys", root / "sys")
    mount("--rbind", "/dev", root / "dev")
    install(root, languages)
    return root


def install(root, languages):
    local = root / "usr/local"
    for name in ("bin", "sbin", "libexec/evalx", "share/evalx"):
        (local / name).mkdir(parents=True)
    shutil.copy(BUILD / "evalx", local / "bin/evalx")
    shutil.copy(BUILD / "evalx-jail", local / "libexec/evalx/evalx-jail")
    shutil.copytree(ROOT / "hints", local / "share/evalx/hints")
    (local / "share/evalx/languages").mkdir()
    for name in languages:
        shutil.copy(ROOT / "languages" / f"{name}.yaml", local / "share/evalx/languages")
    (local / "bin/rig-prometheus").write_text("#!/usr/bin/python3\n" + (HERE / "targets.py").read_text())
    (local / "bin/rig-prometheus").chmod(0o755)
    for name in ("server", "cli"):
        (local / "bin" / f"valkey-{name}").symlink_to(f"/usr/bin/redis-{name}")
    with open(root / "etc/passwd", "a", encoding="utf-8") as file:
        file.write(f"evalx:x:{EVALX_USER}:{EVALX_USER}::/var/lib/evalx:/usr/sbin/nologin\n")
    with open(root / "etc/group", "a", encoding="utf-8") as file:
        file.write(f"evalx:x:{EVALX_USER}:\n")
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    (root / "etc/resolv.conf").write_text("")  # names are in /etc/hosts: services.py
    (root / "etc/hosts").unlink(missing_ok=True)
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n")
