#!/usr/bin/env python3
"""Writes Sources/TerminalUI/Toolkit/WidthTable.swift from the Unicode Character Database, as Debian's package unicode-data
has it: which scalars take two cells (East Asian Wide and Fullwidth, UAX #11) and which take none (marks and format
characters, and the vowels and final consonants of conjoining Hangul). Run it from anywhere after the package was updated."""
import pathlib
import re
import sys

UCD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/unicode")
TARGET = pathlib.Path(__file__).resolve().parent.parent / "Sources/TerminalUI/Toolkit/WidthTable.swift"


def merged(scalars):
    ranges = []
    for scalar in sorted(scalars):
        if ranges and scalar == ranges[-1][1] + 1:
            ranges[-1][1] = scalar
        else:
            ranges.append([scalar, scalar])
    return ranges


def wide():
    found = set()
    for line in (UCD / "EastAsianWidth.txt").read_text().splitlines():
        match = re.match(r"([0-9A-F]+)(?:\.\.([0-9A-F]+))?\s*;\s*(\w+)", line)
        if match and match[3] in ("W", "F"):
            found.update(range(int(match[1], 16), int(match[2] or match[1], 16) + 1))
    return found


def zero():
    found = set(range(0x1160, 0x1200)) | set(range(0xD7B0, 0xD7FC))
    start = None
    for line in (UCD / "UnicodeData.txt").read_text().splitlines():
        fields = line.split(";")
        scalar, name, category = int(fields[0], 16), fields[1], fields[2]
        if name.endswith(", First>"):
            start = scalar
            continue
        if category in ("Mn", "Me", "Cf", "Cc"):
            found.update(range(start or scalar, scalar + 1))
        start = None
    return found


def table(name, doc, ranges):
    lines = [f"    /// {doc}", f"    static let {name}: [(first: UInt32, last: UInt32)] = ["]
    row = "       "
    for first, last in ranges:
        entry = f" (0x{first:X}, 0x{last:X}),"
        if len(row) + len(entry) > 118:
            lines.append(row)
            row = "       "
        row += entry
    lines += [row, "    ]"]
    return lines


version = next(
    (m[1] for m in [re.search(r"EastAsianWidth-([0-9.]+)\.txt", (UCD / "EastAsianWidth.txt").read_text()[:200])] if m), "?")
zeros = zero()
lines = [
    "// swift-format-ignore-file",
    f"// Made by Scripts/generate-width-table.py from Unicode {version}; not to be changed by hand.",
    "",
    "/// The widths of scalars on a terminal that are not one cell, as sorted ranges.",
    "enum WidthTable {",
    *table("wide", "Two cells.", merged(wide() - zeros)),
    "",
    *table("zero", "No cell of its own.", merged(zeros)),
    "}",
    "",
]
TARGET.write_text("\n".join(lines))
print(f"{TARGET.name}: Unicode {version}")
