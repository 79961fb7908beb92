"""Writes the table of HTML's named characters, sorted by name, as C (see entity.h)."""

import html.entities
import sys

names = {}
for name, text in html.entities.html5.items():
    plain = name.rstrip(";")
    bare = not name.endswith(";")
    names[plain] = (text, bare or names.get(plain, ("", False))[1])

with open(sys.argv[1], "w", encoding="ascii") as out:
    out.write("/* Made by entity_table.py. */\n")
    for name in sorted(names):
        text, bare = names[name]
        points = [ord(c) for c in text] + [0]
        out.write('{ "%s", %d, %d, { 0x%X, 0x%X } },\n' % (name, len(name), bare, *points[:2]))
