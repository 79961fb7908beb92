"""house.py: the rules of the house (ARCHITECTURE.md, "The house"), read from the includes and said in words.

1. Every arrow runs down: ground <- pure rooms and io (which never meet) <- line <- config <- roof.
2. Each library has its doorkeepers: no other file includes its headers.
3. A pure room opens no file and no socket, reads no clock and writes no log.
4. Every file has one room; sub-commands, sources and channels are one file each.
5. vigie/version.h says what meson.build says.
"""
import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# room -> rooms it may include from
BELOW = {
    'ground': {'ground'},
    'rules': {'ground', 'rules'},
    'alerts': {'ground', 'alerts'},
    'sources': {'ground', 'sources'},
    'report': {'ground', 'report'},
    'io': {'ground', 'io'},
    'line': {'ground', 'rules', 'alerts', 'sources', 'io', 'line'},
    'connectors': {'ground', 'sources', 'connectors'},
    'config': {'ground', 'rules', 'alerts', 'sources', 'connectors', 'io', 'line', 'config'},
    'web': {'ground', 'web'},
    'roof': {'ground', 'rules', 'alerts', 'sources', 'report', 'io', 'line', 'web', 'connectors', 'config', 'roof'},
}
PURE = {'ground', 'rules', 'alerts', 'sources', 'report'}

# what a header's name begins with -> the files that may include it
DOORKEEPERS = {
    'event2/': r'daemon/io/(loop|http|http_guests)\.c',
    'curl/': r'daemon/(io/transfer[a-z_]*\.[ch]|sources/url\.c)',
    'hiredis': r'daemon/io/redis\.c',
    'sqlite3.h': r'daemon/line/archive[a-z_]*\.[ch]',
    'libxml/': r'daemon/sources/(xml|html)[a-z_]*\.[ch]',
    'pcre2.h': r'(rules/regex\.[ch]|daemon/sources/pattern\.c)',
    'libfyaml.h': r'include/vigie/yaml\.h',
    'systemd/': r'daemon/io/(notify_systemd|log[a-z_]*)\.c',
    'libpsl.h': r'daemon/sources/url\.c',
    'ares.h': r'daemon/io/(resolve[a-z_]*)\.c',
    'pthread.h': r'daemon/(io/(pool|loop|log|redis_(resolve|flush)|transfer_lane)\.c|line/(archive[a-z_]*|queue_spool)\.[ch])',
}
# The world, as a pure room would touch it.
WORLD = re.compile(r'\b(fopen|open|openat|socket|connect|time|clock_gettime|gettimeofday|getenv|system|popen|'
                   r'printf|puts|log_(?:debug|info|warning|error))\s*\(')
WORLD_HEADERS = {'sys/socket.h', 'netinet/in.h', 'fcntl.h', 'unistd.h', 'time.h', 'sys/time.h', 'sys/stat.h', 'netdb.h',
                 'dirent.h', 'signal.h', 'pthread.h'}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)

said = []


def room_of(path):
    if path.startswith('include/'):
        return 'ground'
    head = path.split('/')
    if head[0] in ('rules', 'alerts'):
        return head[0]
    if head[0] == 'daemon' and len(head) > 2 and head[1] in BELOW:
        return head[1]
    return 'roof'


def target_room(name, path):
    """The room an #include "name" of `path` leads to; None when it is no file of ours."""
    for folder in ('include', 'daemon', '.', os.path.dirname(path)):
        candidate = os.path.normpath(os.path.join(folder, name))
        if os.path.exists(os.path.join(TOP, candidate)):
            return room_of(candidate)
    return None


def uncommented(text):
    text = re.sub(r'/\*.*?\*/', ' ', text, flags=re.S)
    return re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)


def look(path):
    text = open(os.path.join(TOP, path), encoding='utf-8').read()
    room = room_of(path)
    for kind, name in INCLUDE.findall(text):
        if kind == '"':
            target = target_room(name, path)
            if target and target not in BELOW[room]:
                said.append(f'{path} (room {room}) includes "{name}" (room {target}): that arrow does not run down.')
        for library, keepers in DOORKEEPERS.items():
            if name.startswith(library) and not re.fullmatch(keepers, path):
                said.append(f'{path} includes <{name}>: its doorkeepers are {keepers}.')
        if room in PURE and kind == '<' and name in WORLD_HEADERS:
            said.append(f'{path} is pure, and includes <{name}>: bytes and the time come in as arguments.')
    if room in PURE:
        code = INCLUDE.sub('', text)
        for call in WORLD.findall(uncommented(code)):
            said.append(f'{path} is pure, and calls {call}(): that belongs to io/ or the roof.')


def main():
    files = 0
    for folder in ('include', 'rules', 'alerts', 'daemon'):
        for where, _, names in os.walk(os.path.join(TOP, folder)):
            for name in sorted(names):
                if name.endswith(('.c', '.h')):
                    look(os.path.relpath(os.path.join(where, name), TOP))
                    files += 1
    meson = re.search(r"version: '([^']+)'", open(os.path.join(TOP, 'meson.build'), encoding='utf-8').read()).group(1)
    header = re.search(r'VIGIE_VERSION "([^"]+)"', open(os.path.join(TOP, 'include/vigie/version.h'), encoding='utf-8').read()).group(1)
    if meson != header:
        said.append(f'vigie/version.h says {header}, meson.build {meson}.')
    for line in said:
        print(line)
    print(f'{files} files, {len(said)} broken rules')
    return 1 if said or not files else 0


sys.exit(main())
