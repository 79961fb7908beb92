"""load.py VIGIE [--feeds 500] [--rate 20] [--seconds 60] [--kills 0] [--redis-kills 0] [--json]

The main job under load, all parts real: FEEDS feeds on loopback polled every 2 s, RATE new items a
second of which a quarter match; each match is due once at a web hook and once in a mailbox. With
kills, vigie (kill -9) and redis-server are killed at random moments meanwhile.

Prints what was lost and what came twice, and the time from the end of the fetch that brought an
item to its web hook (p50, p99). The end of the fetch is when the origin had sent the document.
"""
import argparse
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'e2e'))
import lab as lab_module  # noqa: E402
from lab import Lab, Path, item, rss  # noqa: E402

CONFIG = """
rules:
{rules}
sources:
{sources}
receivers:
  - {{id: hook, webhook: {{url: '@BASE@/hook/hook', secret: 'whsec_YSBzZWNyZXQgb2YgdGhlIGxhYiwgMzIgYnl0ZXMgb2s='}}}}
  - {{id: mail, email: {{to: [team@brand.example], from: vigie@brand.example, smtp: 'smtp://127.0.0.1:@SMTP@'}}}}
routes: {{receiver: [hook, mail], group_by: [mention]}}
"""


class World:
    def __init__(self, lab, feeds):
        self.lab, self.feeds, self.n = lab, feeds, 0
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
        body = rss(self.lists[i][-40:], title=f'Feed {i}')
        path.headers = {'Content-Type': 'application/rss+xml', 'ETag': f'"{self.version[i]}"'}

        def answer(body=body, i=i):
            now = time.time()
            for number in self.fresh[i]:
                self.sent.setdefault(number, now)
            self.fresh[i] = set()
            return body
        path.body = answer

    def publish(self):
        number, self.n = self.n, self.n + 1
        i = random.randrange(self.feeds)
        wanted = number % 4 == 0
        word = 'Acme' if wanted else 'weather'
        if wanted:
            self.matching.add(number)
        self.fresh[i].add(number)
        self.lists[i].append(item(f'n-{number}', f'{word} number {number};', 'Some words of text. ' * 20))
        self.refresh(i)


def quantile(values, q):
    values = sorted(values)
    return values[min(len(values) - 1, int(q * len(values)))] if values else float('nan')


def numbers(texts):
    import re
    found = {}
    for at, text, id_ in texts:
        for number in set(re.findall(r'number (\d+);', text)):
            found.setdefault(int(number), []).append((at, id_))
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('vigie')
    parser.add_argument('--feeds', type=int, default=500)
    parser.add_argument('--rate', type=float, default=20)
    parser.add_argument('--seconds', type=float, default=60)
    parser.add_argument('--kills', type=int, default=0)
    parser.add_argument('--redis-kills', type=int, default=0)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--json', action='store_true')
    options = parser.parse_args()
    random.seed(options.seed)
    lab_module.VIGIE = os.path.abspath(options.vigie)
    with tempfile.TemporaryDirectory() as folder, Lab(folder) as lab:
        lab.mail_server()
        world = World(lab, options.feeds)
        rules = ['  - {id: acme, query: acme}'] + [f'  - {{id: r{i}, query: \'"brand number {i}" OR name{i}\'}}' for i in range(99)]
        sources = [f"  - {{id: f{i}, url: '@BASE@/feed/{i}', every: 2s}}" for i in range(options.feeds)]
        lab.config('crawl: {spacing: 0s, concurrency_per_host: 32, allow_addresses: [127.0.0.0/8]}\n'
                   f'state: {lab.state}\nhttp: {{listen: "127.0.0.1:0"}}\n' +
                   CONFIG.format(rules='\n'.join(rules), sources='\n'.join(sources)))
        lab.start()
        begin = time.monotonic()
        moments = sorted([(random.uniform(0.05, 0.95) * options.seconds, 'vigie') for _ in range(options.kills)] +
                         [(random.uniform(0.05, 0.95) * options.seconds, 'redis') for _ in range(options.redis_kills)])
        back = []
        while time.monotonic() - begin < options.seconds:
            now = time.monotonic() - begin
            while world.n < now * options.rate:
                world.publish()
            if moments and now >= moments[0][0]:
                _, which = moments.pop(0)
                if which == 'vigie':
                    lab.kill()
                    start = time.monotonic()
                    lab.start()
                    back.append(time.monotonic() - start)
                else:
                    pid = lab.redis_pid()
                    if pid:
                        os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)  # the pace of the load, not a wait
        end = time.monotonic() + 60

        def told():
            return (numbers([(p.at, p.text, p.headers['webhook-id']) for p in list(lab.posts)]),
                    numbers([(m.at, str(m.message['Subject']) + m.message.get_body(('plain',)).get_content(), m.message['Message-ID'])
                             for m in list(lab.mails)]))
        hooks, mails = told()
        while time.monotonic() < end and (world.matching - set(hooks) or world.matching - set(mails)):
            time.sleep(0.5)
            hooks, mails = told()
        delays = [hooks[n][0][0] - world.sent[n] for n in hooks if n in world.sent]
        usage = lab.status() if lab.child.poll() is None else {}
        report = {
            'items': world.n, 'matching': len(world.matching),
            'hook_lost': len(world.matching - set(hooks)), 'mail_lost': len(world.matching - set(mails)),
            'hook_extra': sum(len(v) - 1 for v in hooks.values()), 'mail_extra': sum(len(v) - 1 for v in mails.values()),
            'other_id': sum(len({i for _, i in v}) > 1 for v in list(hooks.values()) + list(mails.values())),
            'not_wanted': len(set(hooks) - world.matching),
            'delay_p50_s': round(quantile(delays, .5), 3), 'delay_p99_s': round(quantile(delays, .99), 3),
            'ready_after_kill_p50_s': round(quantile(back, .5), 3) if back else None,
            'ready_after_kill_max_s': round(max(back), 3) if back else None,
            'rss_kib': int(next((l.split()[1] for l in open(f'/proc/{lab.child.pid}/status') if l.startswith('VmRSS')), 0)),
            'fetches': usage.get('crawl', {}).get('fetches'),
        }
        lab.stop()
    print(json.dumps(report) if options.json else '\n'.join(f'{k:24} {v}' for k, v in report.items()))
    return 1 if report['hook_lost'] or report['mail_lost'] or report['other_id'] else 0


sys.exit(main())
