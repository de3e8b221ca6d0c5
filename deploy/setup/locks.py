"""Write the lock files, or check that they still fit what they were made from.

``write`` resolves with uv. ``check`` asks no network, so it gives the same answer on the day a newer
version of a library appears: every lock carries a digest of the tables of ``pyproject.toml`` it was
made from, and each of its pins has to satisfy what those tables ask for.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
DIGEST = "# made from: sha256:"
HEAD = "# Written by `make lock`; install with `pip install --require-hashes`.\n"
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)", re.MULTILINE)
#: A place to download from: an address, an index option, a folder of this machine.
PLACE = re.compile(r"://|^\s*--(?!hash=)|@ *file|(?:^|\s)/\w", re.MULTILINE)


@dataclass(frozen=True)
class Lock:
    """One lock file: its name, whether it holds the run-time dependencies, and the groups it adds."""

    file: str
    project: bool
    groups: tuple[str, ...]
    constraints: tuple[str, ...] = ()


LOCKS = (
    Lock("requirements.txt", project=True, groups=()),
    Lock("requirements-build.txt", project=False, groups=("build",), constraints=("requirements.txt",)),
    Lock(
        "requirements-dev.txt",
        project=True,
        groups=("dev",),
        constraints=("requirements.txt", "requirements-build.txt"),
    ),
)


def wanted(lock: Lock, pyproject: dict[str, Any]) -> list[str]:
    """The requirements that a lock answers, sorted, groups within groups spread out."""
    groups = pyproject["dependency-groups"]

    def spread(name: str) -> list[str]:
        entries: list[str] = []
        for entry in groups[name]:
            entries.extend([entry] if isinstance(entry, str) else spread(entry["include-group"]))
        return entries

    own = list(pyproject["project"]["dependencies"]) if lock.project else []
    return sorted({*own, *(entry for group in lock.groups for entry in spread(group))})


def digest(lock: Lock, pyproject: dict[str, Any]) -> str:
    """SHA-256 over the requirements of a lock and the Python versions it is for, in hexadecimal."""
    inputs = [pyproject["project"]["requires-python"], wanted(lock, pyproject)]
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()


def pins(text: str) -> dict[str, Version]:
    """Canonical package name -> pinned version, of the text of a lock file."""
    return {str(canonicalize_name(pin["name"])): Version(pin["version"]) for pin in PIN.finditer(text)}


def faults(lock: Lock, text: str, pyproject: dict[str, Any], constraints: dict[str, Version]) -> list[str]:
    """What is wrong with a lock, one sentence each; ``constraints`` are the pins of the locks it builds on."""
    found = []
    if f"{DIGEST}{digest(lock, pyproject)}\n" not in text:
        found.append("pyproject.toml has changed since; run `make lock`")
    pinned = pins(text)
    for line in wanted(lock, pyproject):
        requirement = Requirement(line)
        version = pinned.get(str(canonicalize_name(requirement.name)))
        if version is None:
            found.append(f"{requirement.name} is asked for and not pinned; run `make lock`")
        elif not requirement.specifier.contains(version, prereleases=True):
            found.append(f"{requirement.name} is pinned to {version}, asked for is {requirement.specifier}")
    found.extend(
        f"{name} is pinned to {version}, elsewhere to {constraints[name]}; run `make lock`"
        for name, version in pinned.items()
        if constraints.get(name, version) != version
    )
    for block in re.split(r"\n(?=[A-Za-z0-9])", text):
        if (pin := PIN.match(block)) and "--hash=sha256:" not in block:
            found.append(f"{pin['name']} has no hash; run `make lock`")
    if place := PLACE.search("\n".join(line for line in text.splitlines() if not line.startswith("#"))):
        found.append(f"names a place to download from ({place.group().strip()}); a lock names packages only")
    return found


def package_faults(package: dict[str, Any], lock: dict[str, Any]) -> list[str]:
    """What is wrong with ``package-lock.json``, given ``package.json``, one sentence each."""
    found = []
    if lock["packages"][""].get("dependencies") != package["dependencies"]:
        found.append("package.json has changed since; run `make lock`")
    for name, entry in lock["packages"].items():
        if "resolved" in entry:
            found.append(f"{name} names a place to download from; run `make lock`")
        if name and not entry.get("integrity", "").startswith("sha512-"):
            found.append(f"{name} has no hash; run `make lock`")
    return found


def read_project() -> dict[str, Any]:
    """The checkout's pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def check() -> list[str]:
    """Every fault of every lock file of the checkout, each with the file's name in front."""
    pyproject = read_project()
    found: list[str] = []
    constraints: dict[str, Version] = {}
    for lock in LOCKS:
        text = (ROOT / lock.file).read_text("utf-8")
        found.extend(f"{lock.file}: {fault}" for fault in faults(lock, text, pyproject, constraints))
        constraints |= pins(text)
    package = json.loads((ROOT / "package.json").read_text("utf-8"))
    package_lock = json.loads((ROOT / "package-lock.json").read_text("utf-8"))
    return found + [f"package-lock.json: {fault}" for fault in package_faults(package, package_lock)]


def write(options: list[str]) -> None:
    """Resolve all lock files anew; ``options`` go to uv. Raises CalledProcessError where uv finds no answer."""
    # Only the public index: what this machine's settings add must not get into a file for everybody.
    env = {key: value for key, value in os.environ.items() if not key.startswith(("UV_", "PIP_"))}
    pyproject = read_project()
    for lock in LOCKS:
        command = [sys.executable, "-m", "uv", "--no-config", "pip", "compile", "--quiet", "--no-header"]
        command += [
            "--universal",
            "--fork-strategy",
            "fewest",
            "--prerelease",
            "disallow",
            "--generate-hashes",
        ]
        command += ["--python-version", "3.11", "--output-file", lock.file, *options]
        command += ["pyproject.toml"] if lock.project else []
        command += [part for group in lock.groups for part in ("--group", group)]
        command += [part for file in lock.constraints for part in ("--constraints", file)]
        subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)
        path = ROOT / lock.file
        body = path.read_text("utf-8")
        path.write_text(f"{HEAD}{DIGEST}{digest(lock, pyproject)}\n{body}", "utf-8")


def main(arguments: list[str]) -> int:
    """``check`` or ``write [uv options]``; 0 where all is well."""
    match arguments:
        case ["check"]:
            found = check()
            print("\n".join(found) or "locks: fresh", file=sys.stderr)
            return 1 if found else 0
        case ["write", *options]:
            write(options)
            return 0
    print("locks: say `check` or `write`", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
