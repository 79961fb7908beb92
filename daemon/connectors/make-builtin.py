"""make-builtin.py OUT FILE…: writes the connector files as C."""
import os
import sys

out, files = sys.argv[1], sys.argv[2:]
with open(out, 'w', encoding='ascii') as f:
    f.write('#include "connectors/builtin.h"\n\n')
    rows = []
    for i, path in enumerate(sorted(files)):
        body = open(path, 'rb').read()
        f.write(f'static const unsigned char file_{i}[] = {{\n')
        for at in range(0, len(body), 16):
            f.write('\t' + ', '.join(str(b) for b in body[at:at + 16]) + ',\n')
        f.write('};\n\n')
        name = os.path.splitext(os.path.basename(path))[0]
        rows.append(f'\t{{ "{name}", "{name}.yaml", {{ (const char *)file_{i}, sizeof(file_{i}) }} }},\n')
    f.write('const struct builtin builtins[] = {\n' + ''.join(rows) + '\t{ NULL, NULL, { NULL, 0 } },\n};\n')
