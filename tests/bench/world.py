"""world.py: what the measurements of the whole daemon share: a world of feeds and receivers, and what
was told of it. Each measurement is a command of its own in this folder.
"""
import argparse
import json
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'e2e'))
import lab as lab_module  # noqa: E402
from lab import Lab, Path, item, rss  # noqa: E402

HEAD = """
state: {state}
http: {{listen: "127.0.0.1:0"}}
crawl: {{spacing: 0s, concurrency_per_host: 32, allow_addresses: [127.0.0.0/8]}}
rules:
{rules}
sources:
{sources}
"""
HOOK_AND_MAIL = """
receivers:
  - {id: hook, webhook: {url: '@BASE@/hook/hook', secret: 'whsec_YSBzZWNyZXQgb2YgdGhlIGxhYiwgMzIgYnl0ZXMgb2s='}}
  - {id: mail, email: {to: [team@brand.example], from: vigie@brand.example, smtp: 'smtp://127.0.0.1:@SMTP@'}}
routes: {receiver: [hook, mail], group_by: [mention]}
"""


class World:
    """Feeds that grow by numbered items, a quarter of which match; what was published, and when."""

    def __init__(self, lab, feeds, shown=40):
        self.lab, self.feeds, self.n, self.shown = lab, feeds, 0, shown
        self.matching = set()
        self.lists = [[] for _ in range(feeds)]
        self.sent = {}       # item number -> when the first document that carries it was sent
        self.fresh = [set() for _ in range(feeds)]
        self.version = [0] * feeds
        for i in range(feeds):
            self.refresh(i)

    def refresh(self, i):
        path = self.lab.paths.setdefault(f'/feed/{i}', Path())
        self.version[i] += 1
        body = rss(self.lists[i][-self.shown:], title=f'Feed {i}')
        path.headers = {'Content-Type': 'application/rss+xml', 'ETag': f'"{self.version[i]}"'}

        def answer(body=body, i=i):
            now = time.time()
            for number in self.fresh[i]:
                self.sent.setdefault(number, now)
            self.fresh[i] = set()
            return body
        path.body = answer

    def add(self, i, wanted):
        number, self.n = self.n, self.n + 1
        if wanted:
            self.matching.add(number)
        self.fresh[i].add(number)
        self.lists[i].append(item(f'n-{number}', f'{"Acme" if wanted else "weather"} number {number};', 'Some words of text. ' * 20))

    def publish(self):
        i = random.randrange(self.feeds)
        self.add(i, self.n % 4 == 0)
        self.refresh(i)

    def pace(self, seconds, rate):
        """Publishes what is due `seconds` after the beginning, at `rate` items a second."""
        while self.n < seconds * rate:
            self.publish()

    def config(self, tail=HOOK_AND_MAIL, every='2s', rules=99):
        lines = ['  - {id: acme, query: acme}'] + [f'  - {{id: r{i}, query: \'"brand number {i}" OR name{i}\'}}' for i in range(rules)]
        sources = [f"  - {{id: f{i}, url: '@BASE@/feed/{i}', every: {every}}}" for i in range(self.feeds)]
        return HEAD.format(state=self.lab.state, rules='\n'.join(lines), sources='\n'.join(sources)) + tail

    def told(self):
        """Receiver -> item number -> [(when, id of the delivery)], in order of arrival."""
        found = {'mail': {}}
        for p in list(self.lab.posts):
            note(found.setdefault(p.name, {}), p.text, p.at, p.headers['webhook-id'])
        for m in list(self.lab.mails):
            note(found['mail'], str(m.message['Subject']) + m.message.get_body(('plain',)).get_content(), m.at, m.message['Message-ID'])
        return found

    def missing(self, receivers):
        told = self.told()
        return {r: self.matching - set(told.get(r, {})) for r in receivers}

    def wait_told(self, receivers, seconds):
        """Until all receivers were told everything, at most that long. True when they were."""
        end = time.monotonic() + seconds
        while any(self.missing(receivers).values()):
            if time.monotonic() > end:
                return False
            time.sleep(0.3)
        return True

    def figures(self, receivers):
        told = self.told()
        report = {'items': self.n, 'matching': len(self.matching)}
        for r in receivers:
            there = told.get(r, {})
            report[f'{r}_lost'] = len(self.matching - set(there))
            report[f'{r}_extra'] = sum(len(v) - 1 for v in there.values())
        report['other_id'] = sum(len({i for _, i in v}) > 1 for r in receivers for v in told.get(r, {}).values())
        report['not_wanted'] = sum(len(set(told.get(r, {})) - self.matching) for r in receivers)
        return report


def note(into, text, at, id_):
    for number in set(re.findall(r'number (\d+);', text)):
        into.setdefault(int(number), []).append((at, id_))


def longest_step(lab):
    """What kept the loop longest, by its own account (vigie status)."""
    loop = lab.status()['loop']
    worst = (loop['longest'] or [{'by': 'nothing', 'own_ms': 0}])[0]
    return {'step_max_ms': round(worst['own_ms'], 1), 'step_max_by': worst['by'], 'steps_over_50ms': loop['blocked']}


def quantile(values, q):
    values = sorted(values)
    return values[min(len(values) - 1, int(q * len(values)))] if values else float('nan')


def rss_kib(pid):
    return int(next((l.split()[1] for l in open(f'/proc/{pid}/status', encoding='ascii') if l.startswith('VmRSS')), 0))


class Probe:
    """Asks GET /healthz over the control socket every 10 ms, from a process of its own: how long the
    loop keeps it waiting (wait_*), and how much of that was neither the loop's thread nor the asking
    one waiting for a processor (loop_*), by the kernel's account (/proc/PID/schedstat)."""

    def __init__(self, lab):
        self.child = subprocess.Popen([sys.executable, os.path.abspath(__file__), '--probe', os.path.join(lab.state, 'control.sock'),
                                       str(lab.child.pid)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def stop(self):
        answer, _ = self.child.communicate()
        return json.loads(answer)


def waited_ms(pid):
    """For a processor, in all, by the first thread of a process: with vigie that is the loop's."""
    with open(f'/proc/{pid}/task/{pid}/schedstat', encoding='ascii') as f:
        return int(f.read().split()[1]) / 1e6


def probe(path, pid):
    import select
    waits, own = [], []
    while not select.select([sys.stdin], [], [], 0.01)[0]:
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(10)
                machine, begin = waited_ms(pid) + waited_ms(os.getpid()), time.monotonic()
                s.connect(path)
                s.sendall(b'GET /healthz HTTP/1.1\r\nHost: v\r\nConnection: close\r\n\r\n')
                while s.recv(4096):
                    pass
                waits.append((time.monotonic() - begin) * 1000)
                own.append(max(0, waits[-1] - (waited_ms(pid) + waited_ms(os.getpid()) - machine)))
        except OSError:
            pass
    print(json.dumps({'asked': len(waits), 'wait_p99_ms': round(quantile(waits, .99), 1),
                      'wait_max_ms': round(max(waits, default=-1), 1), 'loop_p99_ms': round(quantile(own, .99), 1),
                      'loop_max_ms': round(max(own, default=-1), 1), 'loop_over_50ms': sum(w > 50 for w in own)}))


SUMMED = ('_lost', 'lost', '_extra', 'extra', 'other_id', '_max_s', '_max_ms', 'max_by', 'growth_kib', 'peak_kib', 'wait_s', 'out_of_order', 'wrong_end')


def command(doc, arguments, measure):
    """Runs measure(options, lab), which returns (figures, what is wrong with them), as a command."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('vigie')
    parser.add_argument('--json', action='store_true')
    parser.add_argument('--seed', type=int, default=1)
    for name, kind, default in arguments:
        parser.add_argument(f'--{name}', **({'action': 'store_true'} if kind is bool else {'type': kind, 'default': default}))
    options = parser.parse_args()
    random.seed(options.seed)
    lab_module.VIGIE = os.path.abspath(options.vigie)
    with tempfile.TemporaryDirectory() as folder, Lab(folder) as lab:
        report, wrong = measure(options, lab)
    print(json.dumps(report) if options.json else '\n'.join(f'{k:24} {v}' for k, v in report.items()))
    for what in wrong:
        print(f'WRONG: {what}', file=sys.stderr)
    # The last line says it all; beside JSON it goes where the talk goes.
    print(f'result                   {"WRONG, " + str(len(wrong)) + " figures" if wrong else "right"}: ' +
          ', '.join(f'{k} {v}' for k, v in report.items() if k.endswith(SUMMED)), file=sys.stderr if options.json else sys.stdout)
    return 1 if wrong else 0


def wrong_of(report, zero=(), most=()):
    """What is not 0 though it should be, and what is more than it may be."""
    return [f'{key} is {report[key]}, not 0' for key in zero if report[key]] + \
           [f'{key} is {report[key]}, more than {bound}' for key, bound in most if report[key] is not None and report[key] > bound]


if __name__ == '__main__' and sys.argv[1:2] == ['--probe']:
    probe(sys.argv[2], int(sys.argv[3]))
