"""scale.py VIGIE ORIGIN [--sources 10000] [--list yaml|opml] [--every 10s] [--seconds 30] [--changed-of 20]
                       [--one-host] [--rules 100] [--size 20480] [--rest] [--bare BENCH_FETCH] [--json]

What many sources cost, all parts real: vigie with its private Redis, and ORIGIN (bench-origin) as the
web and the DNS. Each source is on a host of its own (with --one-host: all on one, over keep-alive), is
read once, and then every EVERY, mostly answered 304. With --rest it is read once and no more.

Prints the time from the start to `run.ready`, to the first request and to the last source's first
reading; memory at rest and at its highest (RSS; of Redis too, by its own count); and from the steady
part the CPU time of a fetch, of vigie and of Redis, and what that makes of one core when the same
sources are read every five minutes: the steady part is that pace with the time compressed. With --bare,
what a fetch of as many bytes costs a bare libcurl loop (tests/bench/io/bench-fetch), taken before and
after on the same machine, and what is left of ours without it.
"""
import argparse
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from xml.sax.saxutils import quoteattr

TICKS = os.sysconf('SC_CLK_TCK')
PACE_S = 300
DEADLINE_S = 600

CONFIG = """
state: {state}
http: {{listen: 'off'}}
crawl: {{spacing: 0s, concurrency_per_host: {at_once}, every: {every}, allow_addresses: [127.0.0.0/8], nameservers: ['127.0.0.1:{dns}']}}
rules:
{rules}
sources: [{list}]
"""


def feed(size):
    """An RSS feed of about `size` bytes; its newest item is another one each time."""
    items, n = [], 0
    text = 'Some words that people write about the weather, the trains and what they had for lunch. ' * 3
    while sum(map(len, items)) < size - 400:
        number = '@@@@@@@@@@' if n == 0 else f'{n:010}'
        items.append(f'<item><title>Item {number} of a feed</title><link>https://site.example/{number}</link>'
                     f'<guid isPermaLink="false">item-{number}</guid><pubDate>Thu, 01 Jan 2026 00:00:{n % 60:02} GMT</pubDate>'
                     f'<description>{text}</description></item>')
        n += 1
        if n > 1:
            items[-1] = items[-1].replace('@@@@@@@@@@', f'{n:010}')
    return ('<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>A feed</title>'
            '<link>https://site.example/</link>' + ''.join(items) + '</channel></rss>')


def write_list(path, kind, urls):
    with open(path, 'w', encoding='utf-8') as f:
        if kind == 'opml':
            f.write('<?xml version="1.0"?><opml version="2.0"><body><outline text="all">\n')
            f.writelines(f'<outline type="rss" text="Feed number {i}" xmlUrl={quoteattr(u)}/>\n' for i, u in enumerate(urls))
            f.write('</outline></body></opml>\n')
        else:
            f.writelines(f"- {{id: feed-{i}, url: '{u}', title: Feed number {i}}}\n" for i, u in enumerate(urls))


def cpu_s(pid):
    with open(f'/proc/{pid}/stat', encoding='ascii') as f:
        fields = f.read().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mib(pid, what='VmRSS'):
    with open(f'/proc/{pid}/status', encoding='ascii') as f:
        return next(int(line.split()[1]) for line in f if line.startswith(what)) / 1024


def bare_us(bench):
    out = subprocess.run([bench], capture_output=True, text=True, check=True).stdout
    return 1e6 / float(re.findall(r'^bare multi +(\d+)', out, re.M)[0])


def redis_of(vigie):
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{pid}/stat', encoding='ascii', errors='replace') as f:
                stat = f.read()
            if int(stat.rpartition(')')[2].split()[1]) == vigie and 'redis-server' in stat:
                return int(pid)
        except (OSError, ValueError):
            continue
    return None


class Run:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        feed_path = os.path.join(folder, 'feed.xml')
        with open(feed_path, 'w', encoding='utf-8') as f:
            f.write(feed(options.size))
        self.origin = subprocess.Popen([options.origin, feed_path, str(options.changed_of), '1'], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True, bufsize=1)
        ports = json.loads(self.origin.stdout.readline())
        host = 'all.example' if options.one_host else '{}.feeds.example'
        urls = [f'http://{host.format("site%06d" % i)}:{ports["http"]}/feed/{i}.xml' for i in range(options.sources)]
        name = 'list.' + options.list
        write_list(os.path.join(folder, name), options.list, urls)
        rules = [f'  - {{id: r{i}, query: \'"brand number {i}" OR name{i}\'}}' for i in range(options.rules)]
        self.config = os.path.join(folder, 'vigie.yaml')
        with open(self.config, 'w', encoding='utf-8') as f:
            f.write(CONFIG.format(state=os.path.join(folder, 'state'), every='24h' if options.rest else options.every,
                                  at_once=64 if options.one_host else 2,
                                  dns=ports['dns'], rules='\n'.join(rules), list=name))
        self.report = {'sources': options.sources, 'list': options.list}

    def counts(self):
        self.origin.stdin.write('\n')
        self.origin.stdin.flush()
        return json.loads(self.origin.stdout.readline())

    def until(self, what, name):
        end = time.monotonic() + DEADLINE_S
        while not what():
            if time.monotonic() > end or self.vigie.poll() is not None:
                raise SystemExit(f'waited in vain for {name}: {self.counts()}; the log ends:\n' + open(self.log).read()[-2000:])
            time.sleep(0.01)

    def start(self):
        self.log = os.path.join(self.folder, 'log')
        before = self.counts()['requests']
        began = time.monotonic()
        with open(self.log, 'w', encoding='utf-8') as log:
            self.vigie = subprocess.Popen([self.options.vigie, 'run', '-c', self.config], stdout=log, stderr=log)
        self.until(lambda: 'run.ready' in open(self.log).read(), 'run.ready')
        ready = time.monotonic() - began
        if self.options.rest and before:
            time.sleep(3)  # states arrive; nothing is due
        else:
            self.until(lambda: self.counts()['requests'] > before, 'the first request')
        return ready, time.monotonic() - began

    def stop(self):
        self.vigie.send_signal(signal.SIGTERM)
        self.vigie.wait(30)

    def redis_used_mib(self):
        """By its own count, without what its allocator holds."""
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(re.findall(r'redis_server.ready .*socket=(\S+)', open(self.log).read())[-1])
            s.sendall(b'INFO memory\r\n')
            answer = b''
            while b'used_memory:' not in answer:
                answer += s.recv(65536)
        return int(answer.split(b'used_memory:')[1].split()[0]) / 2**20

    def remember(self, prefix):
        pid, redis = self.vigie.pid, redis_of(self.vigie.pid)
        self.report[prefix + '_cpu_s'] = round(cpu_s(pid), 2)
        self.report[prefix + '_redis_cpu_s'] = round(cpu_s(redis), 2)
        self.report[prefix + '_redis_used_mib'] = round(self.redis_used_mib(), 1)
        self.report[prefix + '_rss_mib'] = round(memory_mib(pid), 1)
        self.report[prefix + '_peak_mib'] = round(memory_mib(pid, 'VmHWM'), 1)
        self.report[prefix + '_redis_mib'] = round(memory_mib(redis), 1)

    def steady(self):
        pid, redis = self.vigie.pid, redis_of(self.vigie.pid)
        a, cpu, of_redis, began = self.counts(), cpu_s(pid), cpu_s(redis), time.monotonic()
        time.sleep(self.options.seconds)  # what is measured is this time
        b, took = self.counts(), time.monotonic() - began
        n = b['requests'] - a['requests']
        each, each_redis = (cpu_s(pid) - cpu) / n, (cpu_s(redis) - of_redis) / n
        self.report.update({
            'fetches_per_s': round(n / took), 'unchanged': round(1 - (b['full'] - a['full']) / n, 3),
            'names_asked': b['names'] - a['names'], 'connections': b['connections'] - a['connections'],
            'cpu_us_a_fetch': round(each * 1e6), 'redis_cpu_us_a_fetch': round(each_redis * 1e6),
            'fetches_per_core_s': round(1 / each),
            'core_at_5min_percent': round(100 * each * self.options.sources / PACE_S, 2),
            'redis_core_at_5min_percent': round(100 * each_redis * self.options.sources / PACE_S, 2),
        })

    def run(self):
        n = self.options.sources
        bare = [bare_us(self.options.bare)] if self.options.bare else []
        self.report['start_to_ready_s'], self.report['start_to_first_request_s'] = (round(t, 2) for t in self.start())
        began = time.monotonic()
        self.remember('ready')
        self.until(lambda: self.counts()['requests'] >= n, 'all sources to be read')
        self.report['all_read_s'] = round(time.monotonic() - began, 1)
        if not self.options.rest:
            self.steady()
            if bare:
                least = (bare[0] + bare_us(self.options.bare)) / 2
                self.report['bare_libcurl_us_a_fetch'] = round(least, 1)
                self.report['cpu_us_a_fetch_without_it'] = round(self.report['cpu_us_a_fetch'] - least)
        else:
            time.sleep(15)  # the last commits; memory is given back
        self.remember('rest')
        self.stop()
        self.report['restart_to_ready_s'] = round(self.start()[0], 2)
        self.remember('restart')
        self.stop()
        self.origin.stdin.close()
        self.origin.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('vigie', type=os.path.abspath)
    parser.add_argument('origin', type=os.path.abspath)
    parser.add_argument('--sources', type=int, default=10000)
    parser.add_argument('--list', choices=['yaml', 'opml'], default='yaml')
    parser.add_argument('--every', default='10s')
    parser.add_argument('--seconds', type=float, default=30)
    parser.add_argument('--changed-of', type=int, default=20)
    parser.add_argument('--one-host', action='store_true')
    parser.add_argument('--rules', type=int, default=100)
    parser.add_argument('--size', type=int, default=20480)
    parser.add_argument('--rest', action='store_true')
    parser.add_argument('--bare', type=os.path.abspath)
    parser.add_argument('--json', action='store_true')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = Run(options, folder)
        try:
            run.run()
        finally:
            if getattr(run, 'vigie', None) and run.vigie.poll() is None:
                run.vigie.kill()
            run.origin.kill()
    print(json.dumps(run.report) if options.json else '\n'.join(f'{k:28} {v}' for k, v in run.report.items()))


sys.exit(main())
