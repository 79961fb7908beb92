"""run.py BUILD [NAME…] [--seconds 60] [--at-once 2] [--seed N]: fuzzes every reader of outside bytes.

BUILD is a build with libFuzzer (made when it isn't there: clang, -Dfuzz=true, AddressSanitizer and
UndefinedBehaviorSanitizer). Each target whose name contains a NAME runs for so many seconds, from its
seed corpus; what it finds is printed and kept in BUILD/finds. One line a target: how many inputs it
tried without a find. Status 1 when there was one. With a seed a run tries what the last one tried; without, others.
"""
import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
SETUP = ['-Dfuzz=true', '-Db_sanitize=address,undefined', '-Db_lundef=false', '-Dbench=false', '-Dbuildtype=debugoptimized']

# The longest input tried, in bytes, of the targets that do most with each byte. libFuzzer would go up to
# the longest seed, or 4,096 once it has run for long; longer seeds are cut here, and whole in the plain tests.
LONGEST = {
    'fuzz-alerts-channels': 4096,
    'fuzz-rules-match': 512,
    'fuzz-sources-feed': 2048,
}


def targets(build):
    """Name, program, seed corpus."""
    described = subprocess.run(['meson', 'introspect', '--targets', build], capture_output=True, text=True, check=True)
    for target in sorted(json.loads(described.stdout), key=lambda t: t['name']):
        room = os.path.basename(os.path.dirname(target['defined_in']))
        name = target['name'].removeprefix('fuzz-').removeprefix(room + '-')
        corpus = os.path.join(HERE, room, 'corpus', name)
        if target['name'].startswith('fuzz-'):
            if not os.path.isdir(corpus):
                sys.exit(f'{target["name"]}: no seed corpus {corpus}')
            yield target['name'], target['filename'][0], corpus


def fuzz(build, name, program, corpus, seconds, seed):
    """(inputs tried, what was found or '')."""
    finds = os.path.join(build, 'finds', '')
    os.makedirs(finds, exist_ok=True)
    with tempfile.TemporaryDirectory() as fresh:
        done = subprocess.run([program, fresh, corpus, f'-max_total_time={seconds}', '-timeout=10', '-rss_limit_mb=2048',
                               f'-seed={seed}', *([f'-max_len={LONGEST[name]}'] if name in LONGEST else []),
                               '-print_final_stats=1', f'-artifact_prefix={finds}{name}-'],
                              capture_output=True, text=True, errors='replace', cwd=fresh,
                              env=dict(os.environ, ASAN_OPTIONS='detect_leaks=1',
                                       LSAN_OPTIONS='suppressions=' + os.path.join(HERE, 'leaks.supp')))
    runs = re.findall(r'stat::number_of_executed_units: (\d+)', done.stderr)
    return int(runs[-1]) if runs else 0, '' if done.returncode == 0 and runs else done.stderr[-6000:]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('build', type=os.path.abspath)
    parser.add_argument('names', nargs='*', default=[])
    parser.add_argument('--seconds', type=int, default=60)
    parser.add_argument('--at-once', type=int, default=2)
    parser.add_argument('--seed', type=int, default=0, help='0: another one each time')
    options = parser.parse_args()
    if not os.path.exists(os.path.join(options.build, 'build.ninja')):
        subprocess.run(['meson', 'setup', options.build, TOP, *SETUP], env=dict(os.environ, CC='clang'), check=True,
                       stdout=sys.stderr)
    chosen = [t for t in targets(options.build) if not options.names or any(n in t[0] for n in options.names)]
    subprocess.run(['ninja', '-C', options.build, *(os.path.relpath(t[1], options.build) for t in chosen)], check=True,
                   stdout=sys.stderr)
    total, found, began = 0, 0, time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(options.at_once) as pool:
        answers = pool.map(lambda t: (t[0], *fuzz(options.build, *t, options.seconds, options.seed)), chosen)
        for name, runs, what in answers:
            total += runs
            found += bool(what)
            print(f'{name:28} {runs:12,} inputs, ' + (f'A FIND\n{what}' if what else 'no find'), flush=True)
    print(f'{total:,} inputs of {len(chosen)} readers in {time.monotonic() - began:.0f} s, {found} finds')
    return 1 if found or not chosen else 0


if __name__ == '__main__':
    sys.exit(main())
