"""cost.py VIGIE BENCH_FETCH [--feeds 200] [--seconds 20]

What one fetch + read + match + commit of a 20 KB feed costs the daemon, with 100 rules, in CPU
time, against a bare libcurl loop's fetch of as many bytes (tests/bench/io/bench-fetch, run before
and after). Every answer is a full document with a new item; one rule in a hundred matches it.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'e2e'))
import lab as lab_module  # noqa: E402
from lab import Lab, Path, item, rss  # noqa: E402


def cpu_s(pid):
    fields = open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def bare_us(bench):
    out = subprocess.run([bench], capture_output=True, text=True).stdout
    found = re.findall(r'^bare multi +(\d+)', out, re.M)
    return 1e6 / float(found[0]) if found else float('nan')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('vigie')
    parser.add_argument('bench')
    parser.add_argument('--feeds', type=int, default=200)
    parser.add_argument('--seconds', type=float, default=20)
    options = parser.parse_args()
    lab_module.VIGIE = os.path.abspath(options.vigie)
    before = bare_us(options.bench)
    with tempfile.TemporaryDirectory() as folder, Lab(folder) as lab:
        count = [0]
        old = [item(f'old-{i}', f'Something about the weather {i}', 'Words of a usual length stand here. ' * 12) for i in range(34)]

        def fresh():
            count[0] += 1
            word = 'Acme' if count[0] % 100 == 0 else 'weather'
            return rss([item(f'new-{count[0]}', f'{word} today {count[0]}', 'text')] + old)
        for i in range(options.feeds):
            lab.paths[f'/feed/{i}'] = Path(fresh, headers={'Content-Type': 'application/rss+xml'})
        rules = ['  - {id: acme, query: acme}'] + [f'  - {{id: r{i}, query: \'"brand {i}" OR name{i} OR (word{i} AND other{i})\'}}' for i in range(99)]
        sources = [f"  - {{id: s{i}, url: '@BASE@/feed/{i}', every: 1s}}" for i in range(options.feeds)]
        lab.config('crawl: {spacing: 0s, concurrency_per_host: 16, allow_addresses: [127.0.0.0/8]}\n'
                   f'state: {lab.state}\nhttp: {{listen: "127.0.0.1:0"}}\nrules:\n' + '\n'.join(rules) + '\nsources:\n' + '\n'.join(sources) + '\n')
        lab.start()
        time.sleep(3)
        start, fetches = cpu_s(lab.child.pid), lab.status()['crawl']['fetches']
        time.sleep(options.seconds)
        end, more = cpu_s(lab.child.pid), lab.status()['crawl']['fetches']
    after = bare_us(options.bench)
    ours = (end - start) / (more - fetches) * 1e6
    print(f'{more - fetches} fetches of {len(fresh())} bytes')
    print(f'fetch + read + match + commit  {ours:8.1f} us of CPU, {1e6 / ours:.0f} per core-second')
    print(f'bare libcurl fetch             {(before + after) / 2:8.1f} us of CPU')
    print(f'ratio                          {ours / ((before + after) / 2):8.2f}')


main()
