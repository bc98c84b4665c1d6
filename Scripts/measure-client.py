#!/usr/bin/env python3
"""Measures the full-screen client in a pseudo-terminal, with the identity and mirror of the environment it is run in:
from the start to the first frame, from a key to its frame, bytes for a key, and memory.

    Scripts/measure-client.py PATH/TO/lessons [--keys 400] [--columns 120] [--rows 40]

It works offline and changes nothing but what opening a thread marks as read. Times are of the wall, with whatever else the
machine does; a frame counts as shown when nothing more has come for 3 ms, which is not counted."""
import argparse
import fcntl
import os
import pty
import select
import statistics
import struct
import termios
import time


def start(program, columns, rows):
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm-256color"
        os.execv(program, [program, "--offline"])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    return pid, terminal


def settle(terminal, wait=2.0):
    """Bytes until the screen is quiet, and when the last of them came."""
    data, last = b"", None
    limit = time.perf_counter() + wait
    while time.perf_counter() < limit:
        ready, _, _ = select.select([terminal], [], [], 0.003 if data else limit - time.perf_counter())
        if not ready:
            if data:
                break
            continue
        try:
            data += os.read(terminal, 1 << 16)
        except OSError:  # The program has ended.
            break
        last = time.perf_counter()
    return data, last


def end(pid, terminal):
    """Waits for the end; what is still written must be read, or it never comes."""
    try:
        while os.read(terminal, 1 << 16):
            pass
    except OSError:
        pass
    os.waitpid(pid, 0)
    os.close(terminal)


def resident(pid):
    fields = {}
    for line in open(f"/proc/{pid}/status"):
        name, _, value = line.partition(":")
        fields[name] = value.strip()
    return fields["VmRSS"], fields["VmHWM"]


def report(name, times, sizes):
    times = sorted(t * 1000 for t in times)
    print(f"{name:30} median {statistics.median(times):6.1f} ms   99th {times[int(len(times) * .99)]:6.1f} ms"
          f"   bytes median {int(statistics.median(sizes))}   99th {sorted(sizes)[int(len(sizes) * .99)]}")


def measure(terminal, keys):
    times, sizes = [], []
    for key in keys:
        begin = time.perf_counter()
        os.write(terminal, key)
        data, last = settle(terminal, 1.0)
        if data:
            times.append(last - begin)
            sizes.append(len(data))
    return times, sizes


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--keys", type=int, default=400)
    parser.add_argument("--columns", type=int, default=120)
    parser.add_argument("--rows", type=int, default=40)
    options = parser.parse_args()
    starts = []
    for _ in range(10):
        begin = time.perf_counter()
        pid, terminal = start(options.program, options.columns, options.rows)
        data = b""
        while b"All topics" not in data:
            data += os.read(terminal, 1 << 16)
        starts.append(time.perf_counter() - begin)
        os.write(terminal, b"q")
        end(pid, terminal)
    print(f"{'start to the first frame':30} median {statistics.median(starts) * 1000:6.1f} ms"
          f"   worst {max(starts) * 1000:6.1f} ms")
    pid, terminal = start(options.program, options.columns, options.rows)
    settle(terminal, 3.0)
    settle(terminal, 0.5)
    count = options.keys
    report("down and up in the list", *measure(terminal, [b"j"] * (count // 2) + [b"k"] * (count // 2)))
    report("a page down in the list", *measure(terminal, [b" "] * 8 * (count // 80)))
    os.write(terminal, b"g\r")
    settle(terminal, 1.0)
    report("down and up in a thread", *measure(terminal, ([b"j"] * 10 + [b"k"] * 10) * (count // 20)))
    os.write(terminal, b"\x1b")
    settle(terminal, 1.0)
    os.write(terminal, b"c")
    settle(terminal, 1.0)
    report("typing in a form", *measure(terminal, [b"abcdefgh"[i % 8:i % 8 + 1] for i in range(min(count, 200))]))
    now, most = resident(pid)
    print(f"{'resident memory':30} {now}, at most {most}")
    os.write(terminal, b"\x1b")
    settle(terminal, 1.0)
    os.kill(pid, 15)
    end(pid, terminal)


main()
