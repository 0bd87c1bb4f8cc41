"""Stands for a process that `tests.app.warm` forks: hands it its streams, and ends as it does. Run by its path, and imports little, since it is to be quick."""

import json
import os
import signal
import socket
import sys

if __name__ == "__main__":
    with socket.socket(socket.AF_UNIX) as door:
        door.connect(sys.argv[1])
        socket.send_fds(door, [b"."], [0, 1, 2])
        door.sendall(json.dumps([sys.argv[2:], dict(os.environ), os.getcwd()]).encode() + b"\n")
        status = int(door.recv(16))
    if status < 0:
        signal.signal(-status, signal.SIG_DFL) if -status != signal.SIGKILL else None
        os.kill(os.getpid(), -status)
    os._exit(status)
