#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the source tree to its layers (docs/architecture.md): who may include whom, and who may call what.

    tests/check_layers.py [ROOT]      prints one line a violation, exits 1 when there is any

Every arrow of INCLUDES goes one way; a room that is not in the table is a violation itself, so that a new room has to
take its place here first. Comments are not code: they are blanked before anything is looked for.
"""
import re
import sys
from pathlib import Path

# room: the rooms whose headers it may include (itself is always allowed)
INCLUDES = {
    "base": set(),
    "model": {"base"},
    "metrics": {"base"},
    "auth": {"base"},
    "http": {"base"},
    "language": {"base", "model"},
    "checker": {"base", "model"},
    "hints": {"base", "model"},
    "store": {"base", "model"},
    "jail": {"base"},
    "box": {"base", "model"},  # and the jail's wire header, see WIRE_HEADER
    "worker": {"base", "model", "store", "box", "language", "checker", "hints", "metrics"},
    "webhook": {"base", "model", "store", "metrics"},
    "llm": {"base", "model", "metrics"},
    "api": {"base", "model", "auth", "http", "store", "language", "metrics"},
}
INCLUDES["cli"] = set(INCLUDES)

# The one header through which box/ and jail/ speak.
WIRE_HEADER = re.compile(r"^jail/(wire|protocol)\.h$")

# system header: which files may include it
HEADER_OWNERS = {
    r"sqlite3\.h": r"^store/sqlite\w*\.[ch]$",
    r"hiredis(/.*)?\.h": r"^store/redis\w*\.[ch]$",
    r"seccomp\.h|linux/seccomp\.h": r"^jail/",
    r"uv\.h|http_parser\.h": r"^http/",
    r"curl/.*": r"^(webhook|llm|cli)/",
}

# what may be called (or named, for system call numbers and control files): by whom
CODE_OWNERS = [
    (r"\b(?:exit|quick_exit|_Exit)\s*\(", r"^cli/|^jail/", "only cli/ (and the jail's own program) ends the process"),
    (r"\babort\s*\(", r"^base/", "only base/ gives up (no memory, no entropy); bad input is an error, not a crash"),
    (r"\b_exit\s*\(", r"^jail/|^cli/doctor\w*\.c$|^box/", "only children between fork and exec use _exit"),
    (r"\b(?:getenv|secure_getenv|setenv|putenv|unsetenv)\s*\(|\benviron\b", r"^cli/", "only cli/ reads the environment"),
    (
        r"\b(?:clone|clone3|unshare|setns|mount|umount|umount2|pivot_root|chroot|mount_setattr|move_mount|open_tree|"
        r"fsopen|fsmount|seccomp|seccomp_\w+)\s*\(|\b(?:SYS|__NR)_(?:clone3?|unshare|setns|u?mount2?|pivot_root|chroot|"
        r"mount_setattr|move_mount|open_tree|fsopen|fsmount|seccomp)\b|\bPR_SET_SECCOMP\b|\bCLONE_NEW\w+",
        r"^jail/",
        "only jail/ makes namespaces, mounts and seccomp filters",
    ),
]
# Names of control files: to write one is the jail's business alone. Looked for inside string literals.
CGROUP_FILES = re.compile(
    r'"[^"\n]*(?:cgroup\.procs|cgroup\.kill|cgroup\.subtree_control|memory\.(?:max|swap\.max|limit_in_bytes|memsw|peak|'
    r'max_usage_in_bytes|oom_control)|pids\.max|cpu\.max|cpu\.cfs|cpuacct\.|notify_on_release|release_agent)[^"\n]*"'
)

# (file, pattern of what it may name, reason)
EXCEPTIONS = []

COMMENT_OR_STRING = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def without_comments(text):
    """The text with comments blanked (line numbers stay)."""
    def blank(match):
        part = match.group(0)
        return re.sub(r"[^\n]", " ", part) if part.startswith(("/*", "//")) else part
    return COMMENT_OR_STRING.sub(blank, text)


def without_strings(text):
    def empty(match):
        part = match.group(0)
        return part[0] + " " * (len(part) - 2) + part[-1] if part[0] in "\"'" else part
    return COMMENT_OR_STRING.sub(empty, text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def excused(name, what):
    return any(re.search(file, name) and re.search(pattern, what) for file, pattern, _ in EXCEPTIONS)


def check_include(name, room, header, quoted, src):
    """None, or what is wrong with this #include."""
    for pattern, owner in HEADER_OWNERS.items():
        if re.fullmatch(pattern, header) and not re.search(owner, name):
            return f"<{header}> belongs to files matching {owner}"
    if not quoted:
        return None
    target = header.split("/")[0] if "/" in header else room
    if not (src / header).is_file() and not (src / name).parent.joinpath(header).is_file():
        return f'"{header}" does not exist below src/'
    if target == room or target in INCLUDES.get(room, set()):
        return None
    if room == "box" and WIRE_HEADER.match(header):
        return None
    return f'{room}/ must not include "{header}"'


def check_file(path, src):
    """Yields (line, message) for every violation in one file."""
    name = path.relative_to(src).as_posix()
    room = name.split("/")[0]
    if "/" not in name or room not in INCLUDES:
        yield 1, f"{name} is in no known room (see INCLUDES)"
        return
    text = without_comments(path.read_text(encoding="utf-8"))
    for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', text, re.M):
        problem = check_include(name, room, match.group(2), match.group(1) == '"', src)
        if problem:
            yield line_of(text, match.start()), problem
    code = without_strings(text)
    for pattern, owner, why in CODE_OWNERS:
        if re.search(owner, name):
            continue
        for match in re.finditer(pattern, code):
            if not excused(name, match.group(0)):
                yield line_of(code, match.start()), f"{match.group(0).rstrip('( ')}: {why}"
    if room != "jail":
        for match in CGROUP_FILES.finditer(text):
            if not excused(name, match.group(0)):
                yield line_of(text, match.start()), f"{match.group(0)}: only jail/ touches cgroup files"


def check_tree(root):
    """All violations below root/src as text lines; an empty tree is one too."""
    src = Path(root) / "src"
    files = sorted(path for path in src.rglob("*") if path.suffix in (".c", ".h") and path.is_file())
    if not files:
        return [f"{src}: no source files found"]
    return [f"{path}:{line}: {message}" for path in files for line, message in check_file(path, src)]


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    problems = check_tree(root)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
