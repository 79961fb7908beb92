#!/usr/bin/python3
"""Writes the packs of rules/packs/ into one C file, so that queries can use them without a path.

    make-packs.py OUT.c PACK.yaml...
"""
import os
import sys


def main(out, paths):
    lines = ['/* Written by make-packs.py from rules/packs/. */', '#include "packs.h"', '']
    names = []
    for i, path in enumerate(sorted(paths)):
        data = open(path, 'rb').read()
        names.append((os.path.splitext(os.path.basename(path))[0], i, len(data)))
        lines.append('static const unsigned char pack_%d[] = {' % i)
        for at in range(0, len(data), 20):
            lines.append('\t' + ', '.join(str(b) for b in data[at:at + 20]) + ',')
        lines += ['};', '']
    lines.append('const struct pack packs[] = {')
    lines += ['\t{ "%s", (const char *)pack_%d, %d },' % name for name in names]
    lines += ['\t{ 0, 0, 0 },', '};', '']
    with open(out, 'w', encoding='ascii') as f:
        f.write('\n'.join(lines))


main(sys.argv[1], sys.argv[2:])
