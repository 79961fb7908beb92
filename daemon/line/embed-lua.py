"""Makes a C header of the queue's Lua scripts: embed-lua.py OUTPUT SCRIPT.lua…

queue_trim.lua becomes `static const char queue_trim_lua[]`. Comments and indentation stay in the
source: the server gets, hashes and keeps only the code.
"""

import pathlib
import sys


def literal(script):
    lines = [line.strip() for line in script.read_text(encoding="utf-8").splitlines()]
    code = [line for line in lines if line and not line.startswith("--")]
    quoted = (line.replace("\\", "\\\\").replace('"', '\\"') for line in code)
    return "\n".join(f'\t"{line}\\n"' for line in quoted)


def main():
    output, *scripts = map(pathlib.Path, sys.argv[1:])
    parts = ["/* Made by embed-lua.py from the scripts beside it. */\n"]
    for script in scripts:
        parts.append(f"static const char {script.stem}_lua[] =\n{literal(script)};\n")
    output.write_text("\n".join(parts), encoding="utf-8")


main()
