"""ports.py - ports for servers that are started later, or again."""
import errno
import random
import socket

# Below those that the kernel gives away to who asks for any (32768 and up): nobody gets one of these by chance meanwhile.
FIRST, LAST = 20000, 32000


def free_port():
    """Of 127.0.0.1; free at this moment."""
    while True:
        port = random.randint(FIRST, LAST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
            else:
                return port
