"""The ledger: one outcome for each item and receiver, through kills in the middle of everything."""
import os
import random
import signal
import sqlite3
import subprocess
import time
from collections import Counter

import pytest

from lab import item

KILLS = 12
CONFIG = """
rules: [{id: acme, query: acme}]
sources: [{id: a, url: '@BASE@/feed/a', every: 1s}]
silences: [{id: quiet, match: {author: 'Bore'}, comment: of no interest}]
receivers:
  - {id: hook, webhook: {url: '@BASE@/hook/hook', secret: s}}
  - {id: paper, webhook: {url: '@BASE@/hook/paper', secret: s}}
routes:
  receiver: hook
  routes:
    - {receiver: hook, group_by: [story], continue: true}
    - {receiver: paper, group_by: [source], group_wait: 1s, group_interval: 0s}
"""
# Twelve long words make a sentence of its own of each number: no story but the one that is meant.
WORDS = [a + b for a in ('kar', 'lim', 'nov', 'pel', 'rus', 'tam', 'vok', 'zin') for b in ('adon', 'eris', 'ilok', 'umat', 'oban', 'yrte')]


def sentence(n):
    return ' '.join(random.Random(n).sample(WORDS, 12))


def mention(n, kind, copy=0):
    site = {'muted': 'mute.example', 'folded': f'c{copy}.example'}.get(kind, 'site.example')
    return item(f'{n}-{copy}', f'Acme {sentence(n)}', sentence(n + 10000), url=f'https://{site}/{n}',
                author='Bore' if kind == 'silenced' else 'Ann')


def outcomes(lab):
    with sqlite3.connect(f'file:{lab.state}/archive.db?mode=ro', uri=True, timeout=20) as db:
        return db.execute('SELECT m.id, o.receiver, o.outcome FROM mentions m LEFT JOIN outcomes o USING (key)').fetchall()


def test_each_item_and_receiver_has_one_outcome_after_kills(lab):
    rng = random.Random(7)
    lab.feed('a')
    lab.config(CONFIG)
    lab.start()
    lab.vigie('mute', 'site', 'mute.example', '-c', lab.config_path)
    shown, expected, n = [], {}, 0
    for turn in range(KILLS):
        for _ in range(6):
            n += 1
            kind = ('told', 'folded', 'silenced', 'muted')[n % 4]
            if kind == 'folded':
                shown.append(mention(n, 'told'))
                expected[f'{n}-0'] = 'told'
                shown.append(mention(n, kind, 1))
                expected[f'{n}-1'] = kind
            else:
                shown.append(mention(n, kind))
                expected[f'{n}-0'] = kind
        lab.feed('a', shown)
        asked = len(lab.paths['/feed/a'].asked)
        lab.wait(lambda: len(lab.paths['/feed/a'].asked) > asked, 'the feed to be read')
        time.sleep(rng.uniform(0, 0.3))  # somewhere in the middle of it
        if turn % 4 == 3:
            os.kill(lab.redis_pid(), signal.SIGKILL)
            continue
        lab.kill()
        lab.start()

    def ended():
        rows = outcomes(lab)
        return len(rows) == 2 * len(expected) and all(o not in (None, 'waiting', 'sending') for _, _, o in rows)
    lab.wait(ended, 'all outcomes', deadline=60)
    wrong = []
    for id, receiver, outcome in outcomes(lab):
        # Which of two copies is told, and which is folded into it, is not said.
        told = {'sent', 'folded'} if f'{id[:-2]}-1' in expected else {'told': {'sent'}}.get(expected[id], {expected[id]})
        if outcome not in told:
            wrong.append((id, receiver, outcome, expected[id]))
    assert not wrong
    pairs = {}
    for id, receiver, outcome in outcomes(lab):
        if f'{id[:-2]}-1' in expected:
            pairs.setdefault((id[:-2], receiver), []).append(outcome)
    assert all(sorted(o) == ['folded', 'sent'] for o in pairs.values()), pairs
    # Nothing was told in two messages, however often one was sent.
    ids = {}
    for post in lab.posts:
        data = post.json['data']
        for one in data.get('items', [data]):
            ids.setdefault((post.name, one['item']['title']), set()).add(post.headers['webhook-id'])
    assert all(len(i) == 1 for i in ids.values())


WAITING = """
rules: [{id: acme, query: acme}]
sources: [{id: a, url: '@BASE@/feed/a', every: 1s}]
receivers:
  - {id: group, webhook: {url: '@BASE@/hook/group', secret: s}}
  - {id: paper, webhook: {url: '@BASE@/hook/paper', secret: s}}
  - {id: ill, webhook: {url: '@BASE@/hook/ill', secret: s}}
  - {id: quick, webhook: {url: '@BASE@/hook/quick', secret: s}}
routes:
  receiver: group
  routes:
    - {receiver: group, group_by: [source], group_wait: @WAIT@, continue: true}
    - {receiver: paper, @DIGEST@ group_by: [mention], continue: true}
    - {receiver: ill, group_by: [mention], continue: true}
    - {receiver: quick, group_by: [mention]}
"""


@pytest.mark.parametrize('kills', [0, 4])
def test_what_waited_in_a_redis_that_is_lost_is_told_all_the_same(lab, kills):
    """Its feed lists it no more: the ledger and the archive are all there is."""
    n = 30
    lab.feed('a', [item(f'{i}-0', f'Acme {sentence(i)}', sentence(i + 10000)) for i in range(n)])
    lab.hook_answers['ill'] = lambda post: (503, {}, b'later')
    lab.config(WAITING.replace('@WAIT@', '1h').replace('@DIGEST@', "digest: {weekly: 'mon 08:00'},"))
    lab.start()
    wanted = {'group': 'waiting', 'paper': 'digest', 'ill': 'sending', 'quick': 'sent'}
    lab.wait(lambda: Counter((r, o) for _, r, o in outcomes(lab)) == Counter({pair: n for pair in wanted.items()}), 'the ledger')
    lab.feed('a', [])
    lab.hook_answers.clear()
    del lab.posts[:]
    subprocess.run(['redis-cli', '-s', os.path.join(lab.state, 'redis', 'redis.sock'), 'FLUSHALL'], check=True, capture_output=True)
    lab.stop()
    lab.config(WAITING.replace('@WAIT@', '1s').replace('@DIGEST@', ''))
    for k in range(kills):
        lab.start(wait=False)
        time.sleep(0.1 + 0.1 * k)
        lab.kill()
    lab.start()
    lab.wait(lambda: {o for _, _, o in outcomes(lab)} == {'sent'}, 'all to be told')
    told, groups = {}, {}
    for post in list(lab.posts):
        data = post.json['data']
        if post.name == 'group':  # names only the first ones
            groups[post.headers['webhook-id']] = data.get('total', 1)
        else:
            told.setdefault((post.name, data['item']['title']), set()).add(post.headers['webhook-id'])
    assert sum(groups.values()) == n
    assert Counter(name for name, _ in told) == Counter({'paper': n, 'ill': n}) and {len(ids) for ids in told.values()} == {1}
