#!/usr/bin/python3
"""Writes the fold tables of rules/ from the Unicode data of Python's standard library.

    make-fold.py OUT.c

What folding and tokens are is said in vigie-rules(5); the shape of the tables is described in
fold_table.h, beside the code that reads them.
"""
import re
import sys
import unicodedata as ud

DROPPED = [(0x300, 0x36F), (0xAD, 0xAD), (0x61C, 0x61C), (0x200B, 0x200F), (0x202A, 0x202E),
           (0x2060, 0x2064), (0x2066, 0x206F), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
           (0x1F3FB, 0x1F3FF), (0xE0000, 0xE01EF)]
APOSTROPHES = {0x60, 0xB4, 0x2BC, 0x2018, 0x2019, 0x201B, 0x2032, 0xFF07}
SPACES = {0x2120, 0x2122}
REPLACED = str.maketrans({'œ': 'oe', 'æ': 'ae', 'ø': 'o', 'ł': 'l', 'đ': 'd', 'ð': 'd', 'þ': 'th',
                          'ħ': 'h', 'ı': 'i', 'ŧ': 't', 'ŋ': 'n'})
SINGLES = [(0x3005, 0x3007), (0x3040, 0x30FF), (0x31F0, 0x31FF), (0x3400, 0x4DBF),
           (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3134F), (0xE00, 0xEFF),
           (0x1000, 0x109F), (0x1780, 0x17FF)]
MARKS = range(0x300, 0x370)
MARK = '\x01'  # stands around a single in the token form, so that it never touches a word

# Cells below FIRST_ENTRY; fold_table.h names them.
SEPARATOR, WORD, SINGLE, DROP, WORD_LOOSE, SINGLE_LOOSE, DROP_LOOSE, FIRST_ENTRY = range(8)


def within(c, ranges):
    return any(a <= c <= b for a, b in ranges)


def fold(c):
    if within(c, DROPPED):
        return ''
    if c in APOSTROPHES:
        return "'"
    if c in SPACES:
        return ' '
    s = ud.normalize('NFKD', ud.normalize('NFKD', chr(c)).casefold())
    s = ''.join(x for x in s if ord(x) not in MARKS).translate(REPLACED)
    return ud.normalize('NFC', s)


def kind(ch):
    """'single', 'word' or None for one folded code point."""
    c, category = ord(ch), ud.category(ch)
    if category[0] in 'LMN' and within(c, SINGLES):
        return 'single'
    if category == 'So' and c >= 0x2190 and c not in (0xFFFC, 0xFFFD):
        return 'single'
    return 'word' if category[0] in 'LMN' or ch == '_' else None


def token_form(folded):
    out = ''
    for ch in folded:
        k = kind(ch)
        out += ch if k == 'word' else MARK + ch + MARK if k == 'single' else \
            ch if ch in '#@$' else ' '
    # The sigil is looked for in front of the token's own code point.
    assert len(folded) < 2 or not set(folded) & set('#@$')
    return out


def tokens_of(form):
    """Tokens of one code point: '½' gives two, which share their original."""
    return len(re.findall('[^ #@$\x01]+', form))


def loose_atoms():
    """Fully decomposed code points that may be written in more than one way around them: those
    that compose or are reordered, except the marks that folding drops anyway."""
    atoms = {0x345}  # dropped when alone, an iota when composed
    atoms.update(range(0x1161, 0x1176))
    atoms.update(range(0x11A8, 0x11C3))
    for c in range(0x110000):
        ch = chr(c)
        if ud.combining(ch) and c not in MARKS:
            atoms.add(c)
        d = ud.decomposition(ch)
        if d and d[0] != '<':
            parts = [int(x, 16) for x in d.split()]
            if len(parts) == 2 and ud.normalize('NFC', ch) == ch and parts[1] not in MARKS:
                atoms.add(parts[1])
    return atoms


def c_bytes(data):
    return ''.join('\\%03o' % b for b in data)


def rows_of(name, ctype, values, per_line=16):
    lines = ['const %s %s[%d] = {' % (ctype, name, len(values))]
    for i in range(0, len(values), per_line):
        lines.append('\t' + ', '.join(str(v) for v in values[i:i + per_line]) + ',')
    return lines + ['};', '']


def main(path):
    cells, entries, index, pool, cold = [], [], {}, bytearray(), []
    atoms = loose_atoms()
    folds = {}
    for c in range(0x110000):
        if 0xD800 <= c <= 0xDFFF:
            cells.append(SEPARATOR)
            continue
        ch, f = chr(c), fold(c)
        folds[c] = f
        nfc = ud.normalize('NFC', ch)
        t = token_form(f)
        loose = c in atoms or tokens_of(t) > 1 or (nfc != ch and t != ''.join(token_form(fold(ord(x))) for x in nfc))
        if f == '':
            cells.append(DROP_LOOSE if loose else DROP)
            continue
        if t == ' ':
            assert not loose or kind(ch) is None
            cells.append(SEPARATOR)
            if f != ch:
                cold.append((c, f))
            continue
        if f == ch and kind(ch) == 'word':
            cells.append(WORD_LOOSE if loose else WORD)
            continue
        if f == ch and kind(ch) == 'single':
            cells.append(SINGLE_LOOSE if loose else SINGLE)
            continue
        key = (f, t, loose)
        if key not in index:
            index[key] = len(entries)
            hot = t.encode()
            entries.append((hot, f.encode(), loose))
        cells.append(FIRST_ENTRY + index[key])

    # What exact terms rely on (exact.h): away from loose atoms, folding a text and folding its
    # composed form give the same.
    for c, f in folds.items():
        d = ud.normalize('NFD', chr(c))
        if not any(ord(x) in atoms for x in d):
            assert token_form(f) == ''.join(token_form(fold(ord(x))) for x in d), hex(c)

    assert FIRST_ENTRY + len(entries) < 65536
    rows, row_index, stage1 = [], {}, []
    for i in range(0, 0x110000, 64):
        row = tuple(cells[i:i + 64])
        if row not in row_index:
            row_index[row] = len(rows)
            rows.append(row)
        stage1.append(row_index[row])

    def packed(c):
        """Two-byte code points: at most seven bytes, their number above, the loose flag on top."""
        cell = cells[c]
        hot, loose = {
            SEPARATOR: (b' ', 0), WORD: (chr(c).encode(), 0),
            SINGLE: (('\x01%c\x01' % c).encode(), 0), DROP: (b'', 0),
            WORD_LOOSE: (chr(c).encode(), 1), SINGLE_LOOSE: (('\x01%c\x01' % c).encode(), 1),
            DROP_LOOSE: (b'', 1)}.get(cell) or (entries[cell - FIRST_ENTRY][0],
                                                int(entries[cell - FIRST_ENTRY][2]))
        assert len(hot) <= 7
        return int.from_bytes(hot, 'little') | len(hot) << 56 | loose << 63

    out = ['/* Written by make-fold.py from Unicode %s. */' % ud.unidata_version,
           '#include "fold_table.h"', '']
    out += ['const char fold_unicode[] = "%s";' % ud.unidata_version, '']
    out += rows_of('fold_rows', 'uint16_t', stage1)
    out += rows_of('fold_cells', 'uint16_t', [x for r in rows for x in r])
    out += rows_of('fold_two', 'uint64_t', ['0x%xU' % packed(c) if c >= 0x80 else '0'
                                            for c in range(0x800)], 4)
    out.append('const struct fold_entry fold_entries[%d] = {' % len(entries))
    for hot, f, loose in entries:
        where = len(pool)
        pool += hot
        true_where = len(pool)
        pool += f
        low = int.from_bytes(hot[:7], 'little') | min(len(hot), 8) << 56 | int(loose) << 63
        out.append('\t{ 0x%xU, %d, %d, %d, %d },' % (low, where, true_where, len(hot), len(f)))
    out += ['};', '']
    out += rows_of('fold_pool', 'char', [b - 256 if b > 127 else b for b in pool])
    out += ['const size_t fold_separators_n = %d;' % len(cold),
            'const struct fold_separator fold_separators[%d] = {' % len(cold)]
    for c, f in cold:
        data = f.encode()
        assert len(data) < 16
        out.append('\t{ 0x%x, "%s" },' % (c, c_bytes(data)))
    out += ['};', '']

    decomposed, parts = [], []
    for c in range(0x110000):
        if 0xAC00 <= c <= 0xD7A3 or 0xD800 <= c <= 0xDFFF:
            continue
        d = ud.normalize('NFD', chr(c))
        if d != chr(c):
            decomposed.append((c, len(parts), len(d)))
            parts += [ord(x) for x in d]
    out += ['const size_t fold_canonical_n = %d;' % len(decomposed),
            'const struct fold_canonical fold_canonical[%d] = {' % len(decomposed)]
    out += ['\t{ 0x%x, %d, %d },' % x for x in decomposed] + ['};', '']
    out += rows_of('fold_canonical_parts', 'uint32_t', ['0x%x' % x for x in parts])
    classes = [(c, ud.combining(chr(c))) for c in range(0x110000) if ud.combining(chr(c))]
    out += ['const size_t fold_classes_n = %d;' % len(classes),
            'const struct fold_class fold_classes[%d] = {' % len(classes)]
    out += ['\t{ 0x%x, %d },' % x for x in classes] + ['};', '']
    with open(path, 'w', encoding='ascii') as f:
        f.write('\n'.join(out))


main(sys.argv[1])
