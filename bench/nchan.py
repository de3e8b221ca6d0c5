"""A peer of the live feed: nginx with Nchan, which passes on each body posted to it. Keeps nothing, counts nothing.

Debian: ``nginx`` and ``libnginx-mod-nchan``. Where they are missing, it is not measured.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

_MODULE = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
_SETTINGS = """
load_module {module};
daemon off;
master_process off;
error_log stderr;
pid {folder}/nginx.pid;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    tcp_nodelay on;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        keepalive_requests 1000000;
        location = /readyz {{ return 200; }}
        location = /api/v1/incidents {{ nchan_publisher; nchan_channel_id live; }}
        location = /socket.io/ {{
            nchan_subscriber websocket;
            nchan_channel_id live;
            nchan_subscriber_first_message newest;
        }}
    }}
}}
"""


def nginx() -> str | None:
    """The program, where it and its module are installed."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    return found if found is not None and _MODULE.exists() else None


def main(arguments: list[str]) -> None:
    """``PORT FOLDER``: this process becomes the server, with what it writes in `FOLDER`."""
    port, folder = arguments
    program = nginx()
    if program is None:
        raise SystemExit("nginx with Nchan is not installed (Debian: nginx, libnginx-mod-nchan)")
    settings = Path(folder) / "nginx.conf"
    settings.write_text(_SETTINGS.format(module=_MODULE, folder=folder, port=port), encoding="utf-8")
    os.execv(program, [program, "-p", folder, "-c", str(settings)])  # noqa: S606 - no shell is meant


if __name__ == "__main__":
    main(sys.argv[1:])
