"""The ledger: one outcome for each item and receiver, through kills in the middle of everything."""
import random
import sqlite3
import time

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
    for _ in range(KILLS):
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
