"""Crashes, outages and restarts: everything is told, and what is told twice has the same id."""
import os
import random
import signal
import subprocess
import time

from lab import item

HOOK = """
rules:
  - {id: acme, query: acme}
sources:
  - {id: a, url: '@BASE@/feed/a', every: 300ms}
  - {id: b, url: '@BASE@/feed/b', every: 300ms}
receivers:
  - {id: hook, webhook: {url: '@BASE@/hook/hook', secret: 'whsec_YSBzZWNyZXQgb2YgdGhlIGxhYiwgMzIgYnl0ZXMgb2s='}}
routes: {receiver: hook, group_by: [mention]}
""".replace('300ms', '1s')


class Writer:
    """Publishes numbered items in two feeds; each feed shows its last 50."""

    def __init__(self, lab):
        self.lab, self.n, self.lists = lab, 0, {'a': [], 'b': []}

    def publish(self, count=1):
        for _ in range(count):
            name = 'ab'[self.n % 2]
            self.lists[name].append(item(f'{name}-{self.n}', f'Acme number {self.n};', 'text'))
            self.lab.feed(name, self.lists[name][-50:])
            self.n += 1

    def missing(self):
        told = ''.join(p.text for p in list(self.lab.posts))
        return [i for i in range(self.n) if f'number {i};' not in told]


def same_ids(lab):
    """Each item was told under one id only, however often."""
    ids = {}
    for post in lab.posts:
        ids.setdefault(post.headers['webhook-id'], set()).add(post.json['data']['item']['title'])
    titles = {}
    for id_, names in ids.items():
        assert len(names) == 1
        for name in names:
            titles.setdefault(name, set()).add(id_)
    assert all(len(v) == 1 for v in titles.values()), {k: v for k, v in titles.items() if len(v) > 1}


def test_kill_9_of_vigie(lab):
    writer = Writer(lab)
    writer.publish(4)
    lab.config(HOOK)
    lab.start()
    seed = random.Random(7)
    for _ in range(4):
        writer.publish(3)
        # The moment of the kill is meant to be anywhere between the fetch and the web hook.
        lab.wait(lambda end=time.monotonic() + seed.uniform(0.2, 1.2): time.monotonic() >= end, 'a random moment')
        lab.kill()
        assert lab.wait(lambda: lab.redis_pid() is None, 'the orphaned redis-server to end') or True
        lab.start()
    lab.wait(lambda: not writer.missing(), 'every item')
    same_ids(lab)


def test_kill_9_of_redis(lab):
    writer = Writer(lab)
    writer.publish(4)
    lab.config(HOOK)
    lab.start()
    lab.wait(lambda: not writer.missing(), 'the first items')
    for _ in range(2):
        os.kill(lab.wait(lab.redis_pid, 'a redis-server'), signal.SIGKILL)
        writer.publish(3)
        lab.wait(lambda: not writer.missing(), 'every item after a kill of Redis')
    lab.settle(writer.n)
    same_ids(lab)


def test_a_redis_that_says_nothing(lab):
    writer = Writer(lab)
    writer.publish(2)
    lab.config(HOOK)
    lab.start()
    lab.wait(lambda: not writer.missing(), 'the first items')
    pid = lab.redis_pid()
    os.kill(pid, signal.SIGSTOP)
    writer.publish(6)
    asked = len(lab.paths['/feed/a'].asked)
    lab.wait(lambda: len(lab.paths['/feed/a'].asked) >= asked + 3, 'crawling to go on')
    os.kill(pid, signal.SIGCONT)
    lab.wait(lambda: not writer.missing(), 'every item', deadline=60)
    same_ids(lab)


def test_an_emptied_redis_tells_nothing_twice_and_misses_nothing(lab):
    writer = Writer(lab)
    writer.publish(4)
    lab.config(HOOK)
    lab.start()
    lab.wait(lambda: not writer.missing(), 'the first items')
    lab.settle(writer.n)
    before = len(lab.posts)
    sock = os.path.join(lab.state, 'redis', 'redis.sock')
    subprocess.run(['redis-cli', '-s', sock, 'FLUSHALL'], check=True, capture_output=True)
    writer.publish(4)
    lab.wait(lambda: not writer.missing(), 'the new items')
    lab.settle(before + 4)
    titles = [p.json['data']['item']['title'] for p in lab.posts]
    assert len(titles) == len(set(titles)) == writer.n


def test_sigterm_ends_in_order_and_in_time(lab):
    writer = Writer(lab)
    writer.publish(10)
    lab.config(HOOK)
    for _ in range(3):
        lab.start()
        start = time.monotonic()
        assert lab.stop() == 0
        assert time.monotonic() - start < 5
        assert lab.redis_pid() is None
    lab.start()
    lab.wait(lambda: not writer.missing(), 'every item')
    same_ids(lab)
