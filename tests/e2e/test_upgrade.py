"""From an earlier version's Redis and archive: what was not told is told once, what was told is not told again.

The earlier outbox (layout 1) kept groups of its own in Redis; its shapes are written here by hand, as its
scripts did. The archives are made by the statements an earlier version made them with.
"""
import ast
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import time

import pytest

SCHEMA = pathlib.Path(__file__).parents[2] / 'daemon/line/archive_schema.c'
P = 'vigie:{act}:'
APPLICATION_ID = 0x76696731
ITEMS = 14
HOUR = 3600 * 1000

CONFIG = """
redis: 'unix:@REDIS@'
rules: [{id: acme, query: acme}]
sources: []
receivers:
  - {id: hook, webhook: {url: '@BASE@/hook/hook', secret: s}}
  - {id: paper, webhook: {url: '@BASE@/hook/paper', secret: s}}
  - {id: slow, webhook: {url: '@BASE@/hook/slow', secret: s}}
routes:
  receiver: slow
  routes:
    - {receiver: hook, group_by: [mention], continue: true}
    - {receiver: paper, group_by: [mention]}
"""


# --- What an earlier version left ------------------------------------------------------------------

class Redis:
    """A redis-server of its own, and plain commands to it (RESP2)."""

    def __init__(self, folder):
        self.path = str(folder / 'redis.sock')
        self.child = subprocess.Popen([shutil.which('redis-server'), '--port', '0', '--unixsocket', self.path, '--dir', str(folder),
                                       '--save', '', '--appendonly', 'no'], stdout=subprocess.PIPE, text=True)
        for line in self.child.stdout:
            if 'ready to accept' in line.lower():
                break
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(self.path)
        self.file = self.socket.makefile('rb')

    def __call__(self, *words):
        words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
        self.socket.sendall(b'*%d\r\n' % len(words) + b''.join(b'$%d\r\n%s\r\n' % (len(w), w) for w in words))
        return self.reply()

    def reply(self):
        line = self.file.readline().rstrip()
        kind, rest = line[:1], line[1:]
        assert kind != b'-', rest
        if kind == b'*':
            return [self.reply() for _ in range(int(rest))]
        if kind == b'$':
            return None if rest == b'-1' else self.file.read(int(rest) + 2)[:-2].decode('latin-1')
        return int(rest) if kind == b':' else rest.decode()

    def stop(self):
        self.file.close()
        self.socket.close()
        self.child.send_signal(signal.SIGTERM)
        self.child.wait()
        self.child.stdout.close()


def key(n):
    return hashlib.sha256(f'item {n}'.encode()).hexdigest()[:32]


def title(n):
    return f'Acme says number {n}'


def sha1(text):
    return hashlib.sha1(text.encode()).hexdigest()


class OldOutbox:
    def __init__(self, redis, now):
        self.redis, self.now, self.seq = redis, now, 0

    def id(self, receiver, group, item):
        return sha1(f'{receiver}\n{group}\n{item}\n{self.now}')[:26]

    def mark(self, item, receiver):
        self.redis('SET', f'{P}item:{item}:{receiver}', self.now)

    def group(self, receiver, group, numbers, due):
        token = f'{receiver}\n{group}'
        name = f'{P}group:{sha1(token)}'
        self.redis('HSET', name, 'receiver', receiver, 'group', group, 'route', 'routes', 'start', self.now,
                   'id', self.id(receiver, group, key(numbers[0])))
        self.redis('ZADD', P + 'groups', due, token)
        for n in numbers:
            self.redis('RPUSH', name + ':keys', key(n))
            self.mark(key(n), receiver)

    def delivery(self, receiver, n, state='waiting', queue=True, marked=True, **more):
        group = f'mention={key(n)}'
        id = self.id(receiver, group, key(n))
        self.seq = self.redis('INCR', P + 'seq')
        fields = {'receiver': receiver, 'group': group, 'route': 'routes', 'state': state, 'created': self.now, 'attempts': 0, 'base': 0,
                  'seq': self.seq, **more}
        self.redis('HSET', f'{P}delivery:{id}', *[w for pair in fields.items() for w in pair])
        self.redis('RPUSH', f'{P}delivery:{id}:keys', key(n))
        if queue:
            self.redis('ZADD', f'{P}queue:{receiver}', self.seq, id)
            self.redis('SADD', P + 'receivers', receiver)
        if marked:
            self.mark(key(n), receiver)
        return id


def hit(n):
    return {'v': 1, 'key': key(n), 'content_hash': f'{n:016x}', 'fetched': 1700000000000 + n, 'source': 's', 'source_kind': 'feed', 'id': str(n),
            'kind': 'article', 'url': f'https://site.example/{n}', 'title': title(n), 'published': 1700000000000 + n, 'lang': 'en', 'score': 1,
            'matches': [{'rule': 'acme', 'version': 'v', 'kind': 'topic', 'weight': 1, 'spans': [[0, 0, 4]]}]}


def old_redis(redis, now):
    """→ {name: delivery id}; what an earlier version had when it was killed."""
    old = OldOutbox(redis, now)
    old.group('hook', 'source=s', [1, 2, 3], now + HOUR)
    old.group('paper', 'source=s', [1, 2, 3], now - 5000)
    old.group('hook', 'story=' + key(4), [4, 5], now + HOUR)
    ids = {'waiting': old.delivery('hook', 6)}
    old.delivery('paper', 6)
    ids['flight'] = old.delivery('hook', 7, state='sending', attempts=1, **{'a:1': json.dumps({'at': now - 1000})})
    ids['parked'] = old.delivery('hook', 8, state='parked', queue=False, attempts=3, next=now + 3000, why='503',
                                 **{f'a:{n}': json.dumps({'at': now - 9000, 'status': 503}) for n in (1, 2, 3)})
    redis('ZADD', P + 'parked:hook', now + 3000, ids['parked'])
    ids['retry'] = old.delivery('slow', 9, attempts=2, next=now + 3000, why='503')
    redis('HSET', P + 'receiver:slow', 'failures', 2, 'next', now + 3000, 'why', '503')
    ids['dead'] = old.delivery('hook', 10, state='dead', queue=False, marked=False, settled=now - 1000, why='400')
    redis('ZADD', P + 'dead', now - 1000, ids['dead'])
    for receiver in ('hook', 'paper'):
        ids['sent'] = old.delivery(receiver, 11, state='sent', queue=False, marked=False, settled=now - 1000)
        redis('ZADD', P + 'sent', now - 1000, ids['sent'])
        ids['untold'] = old.delivery(receiver, 12, state='sent', queue=False, settled=now - 10)  # the ledger does not know
        redis('ZADD', P + 'sent', now - 10, ids['untold'])
        redis('ZADD', P + 'ledger', now - 10, ids['untold'])
    # Filed, or told, and not acknowledged: 1 waits in groups, 6 in deliveries, 11 and 12 were told. 13 was not looked at.
    for name in ('archive', 'desk'):
        redis('XGROUP', 'CREATE', 'vigie:{p00}:hits', name, 0, 'MKSTREAM')
    for n in (1, 6, 11, 12, 13):
        redis('XADD', 'vigie:{p00}:hits', '*', 'v', 1, 'k', bytes.fromhex(key(n)), 'b', json.dumps(hit(n)))
    redis('HSET', 'vigie:{p00}:meta', 'version', 1, 'epoch', 'e' * 16, 'commit', 7)
    return ids


def statements(version):
    """What archive_schema.c makes a version with."""
    text = SCHEMA.read_text(encoding='utf-8')
    body = re.search(r'static const char version_%d\[\] =(.*?);\n\n' % version, text, re.S).group(1)
    body = re.sub(r'/\*.*?\*/', '', body, flags=re.S)
    return ''.join(ast.literal_eval(s) for s in re.findall(r'"(?:[^"\\]|\\.)*"', body))


def old_archive(state, version):
    os.makedirs(state, exist_ok=True)
    with sqlite3.connect(os.path.join(state, 'archive.db')) as db:
        for v in range(1, version + 1):
            db.executescript(statements(v))
        db.execute(f'PRAGMA application_id={APPLICATION_ID}')
        db.execute(f'PRAGMA user_version={version}')
        for n in range(1, ITEMS - 1):
            db.execute('INSERT INTO mentions (mention, key, at, first_seen, revision, content_hash, silent, fetched, source, source_kind, id,'
                       ' id_is_own, kind, url, title, published, lang, score) VALUES (?, ?, ?, ?, 1, ?, 0, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, 1)',
                       (n, bytes.fromhex(key(n)), 1700000000000 + n, 1700000000000 + n, n, 1700000000000 + n, 's', 'feed', str(n), 'article',
                        f'https://site.example/{n}', title(n), 1700000000000 + n, 'en'))
            db.execute('INSERT INTO matches VALUES (?, ?, ?, ?, NULL, NULL, 1, ?, 1, 0)', (n, 'acme', 'v', 'topic', '[[0,0,4]]'))
        for receiver, n, outcome in (('hook', 10, 'dead'), ('hook', 11, 'sent'), ('paper', 11, 'sent')):
            db.execute('INSERT INTO outcomes VALUES (?, ?, ?, ?, ?)', (bytes.fromhex(key(n)), receiver, outcome, 'd', 1700000000000))
    db.close()


# --- What comes of it -------------------------------------------------------------------------------

TOLD = {('hook', n) for n in (1, 2, 3, 4, 5, 6, 7, 8, 13)} | {('paper', n) for n in (1, 2, 3, 6, 13)} | {('slow', 9)}
ENDS = {pair: 'sent' for pair in TOLD | {('hook', 11), ('hook', 12), ('paper', 11), ('paper', 12)}} | {('hook', 10): 'dead'}


def told(lab):
    """(receiver, item) → ids of the messages that told it, one for each time."""
    found = {}
    for post in list(lab.posts):
        data = post.json['data']
        for one in data.get('items', [data]):
            found.setdefault((post.name, int(one['item']['title'].split()[-1])), []).append(post.headers['webhook-id'])
    return found


def ledger(lab):
    with sqlite3.connect(f'file:{lab.state}/archive.db?mode=ro', uri=True, timeout=20) as db:
        rows = db.execute('SELECT receiver, lower(hex(key)), outcome FROM outcomes').fetchall()
    numbers = {key(n): n for n in range(ITEMS)}
    assert len({(r, k) for r, k, _ in rows}) == len(rows)
    return {(r, numbers[k]): o for r, k, o in rows}


@pytest.fixture
def redis(tmp_path):
    it = Redis(tmp_path)
    yield it
    it.stop()


@pytest.fixture
def upgrade(lab, redis):
    def prepare(version):
        now = int(time.time() * 1000)
        old_archive(lab.state, version)
        ids = old_redis(redis, now)
        lab.config(CONFIG.replace('@REDIS@', redis.path))
        return now, ids
    return prepare


def is_carried_over(lab, redis):
    lab.wait(lambda: ledger(lab) == ENDS, f'the ledger, which misses {set(ENDS.items()) - set(ledger(lab).items())} '
             f'and has {set(ledger(lab).items()) - set(ENDS.items())}')
    assert redis('GET', P + 'layout') == '2'
    assert redis('KEYS', 'vigie:{act}:group*') == [] and redis('ZCARD', P + 'ledger') == 0
    lab.wait(lambda: redis('KEYS', 'vigie:{act}:item:*') == [], 'the marks to be gone')
    lab.wait(lambda: redis('XPENDING', 'vigie:{p00}:hits', 'desk')[0] == 0, 'all hits to be acknowledged')


@pytest.mark.parametrize('version', [1, 2, 3])
def test_every_hit_is_told_once(lab, redis, upgrade, version):
    now, ids = upgrade(version)
    lab.start()
    lab.wait(lambda: set(told(lab)) == TOLD, 'everything to be told')
    is_carried_over(lab, redis)
    found = told(lab)
    assert {pair: len(i) for pair, i in found.items()} == {pair: 1 for pair in TOLD}
    # Groups are told as groups, what was on its way under the id it had, what was to wait waits.
    assert found['hook', 1] == found['hook', 2] == found['hook', 3] != found['hook', 4] == found['hook', 5]
    assert [found['hook', n][0] for n in (6, 7, 8)] == [ids[name] for name in ('waiting', 'flight', 'parked')] and found['slow', 9] == [ids['retry']]
    assert all(p.at * 1000 >= now + 3000 for p in lab.posts if p.headers['webhook-id'] in (ids['parked'], ids['retry']))
    # Another restart tells nothing more; a dead letter is still there, to be tried by hand.
    n = len(lab.posts)
    lab.stop()
    lab.start()
    lab.vigie('deliveries', 'redrive', ids['dead'], '-c', lab.config_path)
    lab.wait(lambda: ('hook', 10) in told(lab), 'the dead letter')
    lab.settle(n + 1)
    assert len(lab.posts) == n + 1
    lab.wait(lambda: ledger(lab)['hook', 10] == 'sent', 'the ledger')


@pytest.mark.parametrize('seed', range(3))
def test_a_kill_in_the_middle_loses_and_doubles_nothing(lab, redis, upgrade, seed):
    rng = random.Random(seed)
    upgrade(3)
    for _ in range(6):
        lab.start(wait=False)
        time.sleep(rng.uniform(0, 0.25))
        lab.kill()
    lab.start()
    lab.wait(lambda: set(told(lab)) >= TOLD, 'everything to be told')
    is_carried_over(lab, redis)
    found = told(lab)
    assert set(found) == TOLD
    # What was in flight at a kill goes again, under the same id.
    assert {pair: len(set(i)) for pair, i in found.items()} == {pair: 1 for pair in TOLD}


def test_a_newer_layout_is_left_alone(lab, redis, upgrade):
    upgrade(3)
    redis('SET', P + 'layout', 3)
    lab.start()
    lab.wait_log('outbox.newer')
    time.sleep(1)
    assert ('hook', 1) not in told(lab) and ('hook', 13) not in told(lab)
    assert redis('ZCARD', P + 'groups') == 3 and redis('EXISTS', P + 'desk') == 0
