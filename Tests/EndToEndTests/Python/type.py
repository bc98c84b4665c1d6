"""Runs a program at a pseudo-terminal and types lines, each when the program asks for something.

    type.py LINES-AS-JSON PROGRAM ARGUMENT...

The program's standard output is a pipe of its own, so that what is printed here is: what stood on the terminal, what the
program wrote, and whether the terminal shows again what is typed. Ends as the program ended.
"""

import json
import os
import pty
import select
import subprocess
import sys
import termios

lines = json.loads(sys.argv[1])
terminal, inner = pty.openpty()
process = subprocess.Popen(
    sys.argv[2:],
    stdin=inner,
    stdout=subprocess.PIPE,
    stderr=inner,
    start_new_session=True,
    preexec_fn=lambda: __import__("fcntl").ioctl(0, termios.TIOCSCTTY, 0),
)
shown = b""
asked = 0
output = b""
streams = [terminal, process.stdout.fileno()]
while process.poll() is None or select.select(streams, [], [], 0)[0]:
    for stream in select.select(streams, [], [], 0.2)[0]:
        try:
            piece = os.read(stream, 65536)
        except OSError:
            piece = b""
        if not piece:
            streams.remove(stream)
            continue
        if stream != terminal:
            output += piece
            continue
        shown += piece
        while shown.count(b"assphrase of the key") > asked and asked < len(lines):
            os.write(terminal, lines[asked].encode() + (b"" if lines[asked] == "\x03" else b"\n"))
            asked += 1
    if not streams:
        break
code = process.wait()
echo = termios.tcgetattr(inner)[3] & termios.ECHO and termios.tcgetattr(inner)[3] & termios.ISIG
sys.stdout.write(shown.decode(errors="replace") + "\n" + output.decode() + "\necho " + ("on" if echo else "off") + "\n")
sys.stdout.flush()
os._exit(code if code >= 0 else 128 - code)
