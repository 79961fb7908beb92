"""make-assets.py OUT FILE…: writes the dashboard's files as C."""
import os
import sys

TYPES = {'.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8',
         '.svg': 'image/svg+xml'}

out, files = sys.argv[1], sys.argv[2:]
with open(out, 'w', encoding='ascii') as f:
    f.write('#include "web/assets.h"\n\n')
    rows = []
    for i, path in enumerate(files):
        body = open(path, 'rb').read()
        f.write(f'static const unsigned char file_{i}[] = {{\n')
        for at in range(0, len(body), 16):
            f.write('\t' + ', '.join(str(b) for b in body[at:at + 16]) + ',\n')
        f.write('};\n\n')
        name = os.path.basename(path)
        where = '/' if name == 'index.html' else '/' + name
        rows.append(f'\t{{ "{where}", "{TYPES[os.path.splitext(name)[1]]}", {{ (const char *)file_{i}, sizeof(file_{i}) }} }},\n')
    f.write('const struct asset assets[] = {\n' + ''.join(rows) + '\t{ NULL, NULL, { NULL, 0 } },\n};\n')
