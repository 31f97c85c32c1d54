#!/usr/bin/env python3
"""Sets up `.venv` when it is missing or stale, then hands over: demo, test, bench, and the rest.

Standard library only, and readable by any Python 3, so that a wrong one is told so in a line.
"""

import hashlib
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, os.environ.get("WA_DEV_VENV", ".venv"))
STAMP = os.path.join(VENV, "set-up-for")
INPUTS = ("requirements.txt", "requirements-dev.txt", "pyproject.toml")
OLDEST, NEWEST = (3, 11), (3, 13)

USAGE = """usage: python3 dev.py demo [--once] [--scenario day | --data DIR] [--json FILE]
                                 the whole system on this machine; Ctrl-C ends it
       python3 dev.py test [PYTEST ARGUMENTS]
                                 everything CI checks; with arguments, only pytest
       python3 dev.py bench [--only NAME] [--data DIR] [--rows N] [--all] [--json FILE]
                                 measures: a sweep of 10,000 leads beside the naive way, under
                                 pressure, as a burst; one webhook; decisions a second, best
                                 overall, working hours, the mock's answers; by name only:
                                 backlog (to a million waiting leads), million, crm
       python3 dev.py conformance [ROW ...]
                                 the mock against the checklist of Dataverse's behaviour
       python3 dev.py fuzz [--requests N] [--seed N]
                                 the mock against requests that nobody should send
       python3 dev.py torture [--minutes N] [--seed N] [--faults N] [--without PROTECTION]
                      [--prove] [--keep DIR] [--json FILE]
                                 the whole system against faults, kills and people
       python3 dev.py clean      removes .venv and the tools' caches"""

CHECKS = (
    ("format", ["ruff", "format", "--check"]),
    ("lint", ["ruff", "check"]),
    ("types", ["mypy"]),
    ("imports", ["import-linter", "lint"]),
    ("tests", ["pytest", "-n", "auto", "--maxprocesses", "4", "--dist", "worksteal"]),
)


def main(arguments):
    """Run one command; the exit status is the status of what it ran."""
    refuse_other_pythons()
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if command == "clean":
        return clean()
    if command == "demo":
        set_up()
        return become([python(), "-m", "work_assignment", "demo", "--app-root", ROOT, *rest])
    if command == "test":
        set_up()
        return run_tests(rest)
    if command == "bench":
        set_up()
        return run([python(), "-m", "benchmarks", *rest])
    if command in ("conformance", "fuzz", "torture"):
        set_up()
        return run([python(), "-m", "tests.%s" % command, *rest])
    print(USAGE)
    return 0 if command in ("-h", "--help", "help") else 2


def refuse_other_pythons():
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        sys.exit(
            "Python 3.11, 3.12 or 3.13 is needed; this is Python %d.%d. "
            "Try: python3.13 dev.py %s"
            % (sys.version_info[0], sys.version_info[1], " ".join(sys.argv[1:]))
        )


def set_up():
    """Make the virtual environment match this Python and the pinned requirements."""
    wanted = fingerprint()
    if read(STAMP) == wanted and os.path.exists(python()):
        return
    name = os.path.relpath(VENV, ROOT)
    print("Setting up %s (once, about half a minute) ..." % name, flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    quietly([sys.executable, "-m", "venv", VENV])
    install = [python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    quietly([*install, "-r", os.path.join(ROOT, "requirements-dev.txt")])
    quietly([*install, "--no-deps", "--no-build-isolation", "--editable", ROOT])
    with open(STAMP, "w") as stamp:
        stamp.write(wanted)


def fingerprint():
    """What the environment was made from: this Python, this place and the files that name packages."""
    digest = hashlib.sha256(("%s %s" % (sys.version, ROOT)).encode())
    for name in INPUTS:
        with open(os.path.join(ROOT, name), "rb") as source:
            digest.update(source.read())
    return digest.hexdigest()


def run_tests(arguments):
    """All checks in CI's order, each to its end; with arguments, pytest alone."""
    if arguments:
        return run([python(), "-m", "pytest", *arguments])
    failed = [name for name, command in CHECKS if check(name, command)]
    if failed:
        print("\nFailed: %s" % ", ".join(failed))
    return 1 if failed else 0


def check(name, command):
    print("== %s: %s" % (name, " ".join(command)), flush=True)
    return run([script(command[0]), *command[1:]])


def clean():
    for name in (
        VENV,
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".hypothesis",
        ".import_linter_cache",
    ):
        shutil.rmtree(os.path.join(ROOT, name), ignore_errors=True)
    return 0


def python():
    return script("python")


def script(name):
    folder = "Scripts" if os.name == "nt" else "bin"
    return os.path.join(VENV, folder, name + (".exe" if os.name == "nt" else ""))


def become(command):
    """Hand over for good, so that whoever ends this process ends the command."""
    if os.name == "nt":
        return run(command)
    return os.execv(command[0], command)


def run(command):
    """Run in the foreground; Ctrl-C belongs to the command, which ends by itself."""
    process = subprocess.Popen(command, cwd=ROOT)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


def quietly(command):
    finished = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if finished.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        sys.stderr.write(finished.stdout.decode(errors="replace"))
        sys.exit("Set-up failed at: %s" % " ".join(command))


def read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
