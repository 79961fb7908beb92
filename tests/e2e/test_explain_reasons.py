"""vigie explain: each reason made by hand and named: stage and sentence."""
import json
import sqlite3

import pytest

from lab import Lab, fill_archive, item, vigie

MATCH = [{'rule': 'acme', 'kind': 'brand', 'brand': 'Acme', 'weight': 1}]
AT = '2026-01-01T00:00:00Z'


def explain(state, what, config=None):
    return json.loads(vigie('explain', '--json', '--state', state, *(['-c', config] if config else []), what).stdout)


def assert_said(state, what, stage, *words, config=None):
    said = explain(state, what, config)
    assert said['stage'] == stage, said['sentence']
    for word in words:
        assert word in said['sentence']
    assert said['sentence'].endswith('.') and '\n' not in said['sentence']
    text = vigie('explain', '--state', state, *(['-c', config] if config else []), what).stdout
    assert text.splitlines()[-1] == said['sentence']
    return said


# --- What the ledger says: one row each, the desk's verdicts too -------------------------------

LEDGER = [
    ('dead', 'dead', 'dead letter'), ('dropped', 'dropped', 'dropped by hand'), ('muted', 'muted', 'a mute holds'),
    ('silenced', 'silenced', 'a silence holds'), ('folded', 'folded', 'a copy of a story the receiver hears of'),
]
WAITS = [
    ('waiting', None, "it waits in its group, until 2026-01-01T09:00:00Z."),
    ('held', 'quiet hours night', 'hold it back for now, until 2026-01-01T09:00:00Z (quiet hours night).'),
    ('budget', 'budget 8/day: 2.50 is below 3.75', 'so it waits for the digest, until 2026-01-01T09:00:00Z (budget 8/day: 2.50 is below 3.75).'),
    ('digest', None, "it waits for the receiver's digest, until 2026-01-01T09:00:00Z."), ('sending', None, 'its message is on its way'),
]


@pytest.fixture(scope='module')
def ledger(tmp_path_factory):
    state = tmp_path_factory.mktemp('ledger') / 'state'
    text = ('Acme said on Tuesday that it would close its plant in the valley by the end of the year, and move the work of four '
            'hundred people to its sites abroad. The union called the plan a breach of what was agreed last spring.')

    def mention(id, outcomes=(), **more):
        return {'id': id, 'title': f'Of {id} and {id * 3}', 'url': f'https://site.example/{id}', 'source': 's', 'matches': MATCH,
                'outcomes': [{'receiver': r, 'outcome': o, 'delivery': 'd1', 'at': AT} for r, o in outcomes], **more}
    waits = [mention(o) for o, _, _ in WAITS]
    for one, (outcome, why, _) in zip(waits, WAITS):
        one['outcomes'] = [{'receiver': 'r', 'outcome': outcome, 'at': AT, 'until': '2026-01-01T09:00:00Z', 'why': why}]
    fill_archive(state, [mention(o, [('r', o)]) for o, _, _ in LEDGER] + waits + [
        mention('digested', [('r', 'digested')]), mention('soon', [('a', 'sent'), ('b', 'digest')]),
        mention('sent', [('r', 'sent')]), mention('partly', [('a', 'sent'), ('b', 'dead')]), mention('unrouted'),
        mention('silent', silent=True), mention('erased', [('r', 'sent')]),
        mention('head', [('r', 'sent')], text=text, title='Acme closes its plant'),
        mention('copy', [('r', 'folded')], text=text + ' (agency)', title='In the valley, Acme closes its plant', kind='article',
                url='https://other.example/copy')])
    with sqlite3.connect(state / 'archive.db') as db:
        key = db.execute("SELECT lower(hex(key)) FROM mentions WHERE id = 'erased'").fetchone()[0]
        db.execute("UPDATE mentions SET title = NULL, text = NULL WHERE id = 'erased'")
        db.execute("INSERT INTO audit (at, actor, action, subject, detail) VALUES (1767225600000, 'cm', 'erase', ?, 'a person asked for it')", (key,))
        db.execute("INSERT INTO audit (at, actor, action, subject, detail) VALUES (1767225600000, 'cm', 'erase', ?, 'asked')", ('ab' * 16,))
    return state


@pytest.mark.parametrize('id, stage, words', LEDGER)
def test_a_verdict_is_named(ledger, id, stage, words):
    assert_said(ledger, id, stage, 'rule acme wanted it, but nobody was told', words)


@pytest.mark.parametrize('id, why, words', WAITS)
def test_what_waits_says_for_what(ledger, id, why, words):
    said = assert_said(ledger, id, id, 'rule acme wanted it, but nobody was told so far: ', words)
    outcome, = said['mentions'][0]['outcomes']
    assert (outcome['outcome'], outcome['until'], outcome['why']) == (id, '2026-01-01T09:00:00Z', why)


@pytest.mark.parametrize('what, stage, words', [
    ('digested', 'digested', '1 of 1 receivers were told, in a digest'),
    ('soon', 'partly', "1 of 2 receivers were told; not b so far: it waits for the receiver's digest"),
    ('sent', 'told', '1 of 1 receivers were told'),
    ('partly', 'partly', '1 of 2 receivers were told; not b: its message was given up'),
    ('unrouted', 'archived', 'no receiver has an outcome'),
    ('silent', 'silent', 'older than crawl.history at the first contact'),
    ('erased', 'erased', 'a person asked for it (cm); 1 receivers had been told'),
    ('ab' * 16, 'erased', 'was erased at 2026-01-01T00:00:00Z by cm'),
    ('copy', 'folded', 'a copy of story'),
    ('http://www.site.example/sent?utm_source=mail', 'told', 'It is known as https://site.example/sent'),
    ('https://nowhere.example/', 'unknown', 'no daemon answers'),
])
def test_what_is_archived_is_named(ledger, what, stage, words):
    assert_said(ledger, what, stage, words)


def test_a_copy_names_its_story_and_how_alike_it_is(ledger):
    head = explain(ledger, 'head')['mentions'][0]['key']
    said = assert_said(ledger, 'copy', 'folded', f'a copy of story {head} at similarity 0.9', '(by its text)')
    assert said['mentions'][0]['story']['id'] == head


# --- What no rule wanted: rule by rule which condition failed -----------------------------------

RULES = [
    ('both', 'query: acme AND plant', 'lacks plant'), ('any', 'query: zork OR zink', 'none of zork, zink'),
    ('except', 'query: acme NOT garden', 'excluded by garden'), ('near', 'query: acme NEAR/2 park', 'not so near: acme, park'),
    ('field', 'query: "title:zork"', 'lacks title:zork'), ('number', 'query: "acme followers:>1000"', 'lacks followers:>1000'),
    ('other', 'query: "acme source:elsewhere"', 'lacks source:elsewhere'), ('pattern', "regex: 'AF-[0-9]{6}'", 'lacks /AF-[0-9]{6}/'),
    ('tongue', 'query: acme\n    languages: [ja]', 'lacks '), ('off', 'query: acme\n    enabled: false', 'lacks enabled: false'),
]


@pytest.fixture(scope='module')
def passed_over(tmp_path_factory):
    with Lab(tmp_path_factory.mktemp('rules')) as lab:
        text = 'The big old park and the garden of Acme were praised by all who came on that Sunday in the spring of the year.'
        lab.feed('a', [item('1', 'Prize for a park with trees', text, url='https://site.example/one')])
        rules = ''.join(f'  - id: {id}\n    kind: topic\n    {query}\n' for id, query, _ in RULES)
        lab.config('rules:\n' + rules + "sources: [{id: good, kind: feed, url: '@BASE@/feed/a', every: 1s}]\n")
        lab.start()
        lab.wait(lambda: explain(lab.state, 'https://site.example/one')['stage'] == 'rules', 'the store')
        lab.stop()
        yield lab


@pytest.mark.parametrize('rule, query, why', RULES)
def test_a_condition_is_named(passed_over, rule, query, why):
    said = explain(passed_over.state, 'https://site.example/one', passed_over.config_path)
    one = {r['rule']: r for r in said['rules']}[rule]
    assert not one['holds'] and one['why'].startswith(why)


def test_the_first_rules_stand_in_the_sentence_and_the_reach_is_said(passed_over):
    said = assert_said(passed_over.state, 'https://site.example/one', 'rules', 'came through good at', 'rule both lacks plant',
                       'and 7 more above', 'kept since 20', config=passed_over.config_path)
    assert said['reach']['passed_over'] and said['sentence'].count('rule ') >= 3


# --- Sources and messages on their way ----------------------------------------------------------

def test_sources_are_named(tmp_path):
    with Lab(tmp_path, also=[f'127.0.0.{n}' for n in range(2, 10)]) as lab:
        lab.feed('good', [item('1', 'Nothing')])
        lab.feed('garbage', headers={'Content-Type': 'application/rss+xml'})
        lab.paths['/feed/garbage'].body = b'\x00\x01\x02 no feed at all'
        for name, status in (('denied', 403), ('lost', 404), ('gone', 410), ('broken', 500)):
            lab.feed(name, status=status)
        hosts = {'good': 2, 'garbage': 3, 'denied': 4, 'lost': 5, 'gone': 6, 'broken': 7, 'closed': 8, 'slow': 9}
        lines = [f"  - {{id: {n}, kind: feed, url: 'http://127.0.0.{h}:{1 if n == 'closed' else lab.port}/feed/{n}', every: 1s}}\n"
                 for n, h in hosts.items()]
        lab.feed('slow', delay=30)
        lab.config('rules: [{id: acme, query: acme}]\nsources:\n' + ''.join(lines))
        lab.start()
        # How far back the store reaches stands in the sentences: it is to stand still.
        lab.wait(lambda: explain(lab.state, 'x')['reach']['passed_over'], 'the store')
        wanted = [
            (2, 'listed', 'No source listed it', 'read without error'), (3, 'source', 'source garbage'), (4, 'blocked', 'source denied', '403'),
            (5, 'source', 'source lost', '404'), (6, 'gone', 'source gone', '410'), (7, 'source', 'source broken', '500'),
            (8, 'source', 'source closed'), (9, 'unread', 'source slow', 'has not been read yet'), (99, 'sources', 'no source is of that site'),
        ]
        for host, stage, *words in wanted:
            what = f'http://127.0.0.{host}/x'
            lab.wait(lambda: explain(lab.state, what)['stage'] == stage, f'{what}: {stage}, not {explain(lab.state, what)["sentence"]}', deadline=15)
            assert_said(lab.state, what, stage, *words)


def test_each_try_is_named(tmp_path):
    with Lab(tmp_path) as lab:
        lab.feed('a', [item('1', 'Acme opens', url='https://site.example/one')])
        lab.hook_answers['x'] = lambda post: (503, {}, b'later')
        lab.config("rules: [{id: acme, kind: brand, brand: Acme, query: acme}]\n"
                   "sources: [{id: good, kind: feed, url: '@BASE@/feed/a', every: 1s}]\n"
                   "receivers: [{id: hook, webhook: {url: '@BASE@/hook/x', secret: s}}]\nroutes: {receiver: hook}\n")
        lab.start()
        lab.wait_hook()
        what = 'https://site.example/one'
        lab.wait(lambda: explain(lab.state, what)['stage'] == 'retrying', 'the try')
        said = assert_said(lab.state, what, 'retrying', 'failed 1 times so far, the last with status 503', 'it is tried again at')
        assert said['deliveries'][0]['tries'][0]['status'] == 503
        lab.hook_answers['x'] = lambda post: (200, {}, b'ok')
        lab.vigie('deliveries', 'redrive', '-c', lab.config_path, said['deliveries'][0]['id'])
        lab.wait(lambda: explain(lab.state, what)['stage'] == 'told', 'the end')
        text = lab.vigie('explain', '--state', lab.state, what).stdout
        assert 'hook: 1 at ' in text and 'status 503' in text and 'status 200' in text
