"""The spike notice: far more than usual in the last hour is told once, with what carries it, whatever is killed."""
import datetime
import json
import sqlite3
import time

import pytest

from lab import Lab, fill_archive, item

CONFIG = """
brands: [{name: Acme, query: acme, competitors: [{name: Rival, query: rival}]}]
sources: [{id: feed, kind: feed, url: '@BASE@/feed/feed', every: 1s}]
receivers:
  - {id: hook, webhook: {url: '@BASE@/hook/json', secret: s}}
  - {id: chat, lang: fr, mattermost: {url: '@BASE@/hook/chat'}}
# Mentions wait for company; a spike waits for nobody.
routes: {receiver: [hook, chat], group_by: [brand], group_wait: 1h}
"""


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    monkeypatch.setenv('VIGIE_TEST_RETRY_SCALE', '100')  # detect looks every 0.6 s


def rfc(t):
    return datetime.datetime.fromtimestamp(t, datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')


def past(lab, weeks, an_hour, brand='Acme', kind='brand'):
    """So many mentions in each hour around this one, of the weeks before."""
    now, made = time.time(), []
    for week in range(weeks, 0, -1):
        for minute in range(-90, 60, 60 // an_hour):
            at = rfc(now - week * 7 * 86400 + minute * 60)
            made.append({'id': f'{brand}{week}:{minute}', 'title': f'{brand} as always', 'source': 'feed', 'published': at, 'fetched': at,
                         'matches': [{'rule': brand.lower(), 'kind': kind, 'brand': brand, 'weight': 1}]})
    first = rfc(now - (7 * weeks + 1) * 86400)  # since then somebody watches
    fill_archive(lab.state, [{'id': 'first', 'title': 'x', 'source': 's', 'published': first, 'fetched': first, 'matches': []}] + made)


def spikes(lab):
    return [p for p in lab.posts if p.name == 'json' and p.json['type'] == 'spike.began']


def row(lab, what):
    db = sqlite3.connect(f'file:{lab.state}/archive.db?mode=ro', uri=True)
    try:
        return db.execute(f'SELECT {what} FROM bursts').fetchall()
    finally:
        db.close()


def ledger(lab):
    return sqlite3.connect(f'{lab.state}/archive.db').execute(
        'SELECT receiver, outcome FROM outcomes JOIN bursts USING (key) ORDER BY 1').fetchall()


def burst(n, copies):
    text = 'The plant of Acme in the valley burns since this morning, and the road to the north is closed to all traffic until tonight.'
    return [item(f'c{i}', 'Acme: the plant burns in the valley', text, url=f'https://s{i}.example/fire') for i in range(copies)] + [
        item(f'o{i}', f'Acme and number {i} of other things {i * 7}', f'Something {i} about acme {i * i}', url=f'https://o.example/{i}')
        for i in range(n - copies)]


def test_told_once_with_its_figures_and_what_carries_it(tmp_path):
    with Lab(tmp_path) as lab:
        lab.feed('feed', [])
        past(lab, weeks=5, an_hour=6)
        lab.config(CONFIG)
        lab.start()
        lab.feed('feed', burst(40, copies=25))
        told = lab.wait(lambda: spikes(lab), 'the spike')[0].json['data']
        assert told['spike']['brand'] == 'Acme' and told['spike']['kind'] == 'brand' and told['spike']['learning'] is False
        assert told['spike']['n'] >= 20 and 5 <= told['spike']['usual'] <= 8 and told['spike']['samples'] == 5
        assert told['spike']['begins_at'] <= told['spike']['n']
        assert told['items'][0]['item']['title'] == 'Acme: the plant burns in the valley'
        chat = lab.wait_hook(lambda p: p.name == 'chat').json
        said = chat['text'] + json.dumps(chat['attachments'], ensure_ascii=False)
        assert f"Acme — {told['spike']['n']} mentions dans la dernière heure, d’habitude {told['spike']['usual']:g}" in said
        assert 'd’entre elles' in said and 'un pic commence à' in said
        # Neither time nor a kill makes a second one.
        lab.wait(lambda: row(lab, 'told') == [(1,)], 'it to be ticked off')
        lab.wait(lambda: ledger(lab) == [('chat', 'sent'), ('hook', 'sent')], 'the ledger')
        for _ in range(2):
            lab.kill()
            lab.start()
        lab.feed('feed', burst(60, copies=30))
        time.sleep(3)  # several looks
        assert len(spikes(lab)) == 1 and len([p for p in lab.posts if p.name == 'chat']) == 1
        assert row(lab, 'brand, ended, told') == [('Acme', None, 1)]


def test_a_kill_before_it_is_told_tells_it_once(tmp_path):
    with Lab(tmp_path) as lab:
        lab.feed('feed', [])
        past(lab, weeks=5, an_hour=6)
        lab.config(CONFIG)
        lab.start()
        lab.hook_answers['json'] = lambda post: (503, {}, b'later')
        lab.feed('feed', burst(40, copies=25))
        lab.wait(lambda: spikes(lab), 'a first try')
        lab.kill()
        lab.hook_answers.clear()
        seen = len(spikes(lab))
        lab.start()
        again = lab.wait(lambda: spikes(lab)[seen:], 'the next try')
        assert {p.headers['webhook-id'] for p in spikes(lab)} == {again[0].headers['webhook-id']}
        time.sleep(2)
        assert len(spikes(lab)) == seen + 1


def test_what_is_usual_or_little_is_not_told(tmp_path):
    with Lab(tmp_path) as lab:
        lab.feed('feed', [])
        past(lab, weeks=5, an_hour=30)                                     # 30 are usual
        past(lab, weeks=5, an_hour=1, brand='Rival', kind='competitor')    # and 8 are little
        lab.config(CONFIG)
        lab.start()
        lab.feed('feed', burst(45, copies=5) + [item(f'r{i}', f'Rival {i} does {i * 3}', url=f'https://r.example/{i}') for i in range(8)])
        lab.wait(lambda: sum(1 for _ in lab.vigie('export', '--state', lab.state, '--since', '1h').stdout.splitlines()) >= 53, 'all')
        time.sleep(2)
        assert not spikes(lab) and row(lab, '*') == []


def test_nobody_knows_what_is_usual_on_the_first_day(tmp_path):
    with Lab(tmp_path) as lab:
        lab.feed('feed', burst(60, copies=25))
        lab.config(CONFIG)
        lab.start()
        lab.wait(lambda: sum(1 for _ in lab.vigie('export', '--state', lab.state, check=False).stdout.splitlines()) >= 60, 'all')
        time.sleep(2)
        assert not spikes(lab)


ENDS = """
brands: [{name: Acme, query: acme, competitors: [{name: Rival, query: rival}]}]
sources: [{id: feed, kind: feed, url: '@BASE@/feed/feed', every: 1s}]
tz: Europe/Paris
receivers:
  - {id: hook, webhook: {url: '@BASE@/hook/json', secret: s}}
  - {id: rivals, mattermost: {url: '@BASE@/hook/rivals'}}
  - {id: page, pagerduty: {routing_key: 0123456789abcdef0123456789abcdef, url: '@BASE@/hook/page'}}
routes:
  receiver: hook
  group_by: [brand]
  group_wait: 1h
  routes:
    - {match: {kind: competitor}, receiver: rivals, group_wait: 1h}
    - {match: {kind: spike}, receiver: [hook, page]}
"""


def test_its_end_is_told_once_with_its_length_and_its_peak(tmp_path, monkeypatch):
    monkeypatch.setenv('VIGIE_TEST_RETRY_SCALE', '1000')  # a look each 60 ms; over when calm for 3.6 s
    with Lab(tmp_path) as lab:
        lab.feed('feed', [])
        past(lab, weeks=5, an_hour=6)
        past(lab, weeks=5, an_hour=6, brand='Rival', kind='competitor')
        lab.config(ENDS)
        lab.hook_answers['page'] = lambda post: (202, {}, b'{"status": "success", "message": "Event processed"}')
        lab.start()
        lab.feed('feed', burst(30, copies=20))
        began = lab.wait(lambda: spikes(lab), 'the spike')[0].json['data']['spike']
        assert began['severity']['total'] == pytest.approx(sum(t['points'] for t in began['severity']['terms']))
        assert began['severity']['terms'][0] == {'name': 'spike', 'points': 4} and 'ended_at' not in began
        page = lab.wait_hook(lambda p: p.name == 'page').json
        assert page['event_action'] == 'trigger'
        lab.feed('feed', burst(45, copies=30))
        lab.wait(lambda: row(lab, 'peak >= 45') == [(1,)], 'the peak to be kept')
        # A competitor's goes to who asked for competitors.
        lab.feed('feed', [item(f'r{i}', f'Rival {i} does {i * 3}', f'Of rival {i}, at length {i * 7}', url=f'https://r.example/{i}') for i in range(40)])
        rival = lab.wait_hook(lambda p: p.name == 'rivals')
        assert 'Rival (competitor)' in rival.text and 'severity' in rival.text and 'spike 4' in rival.text
        lab.wait(lambda: row(lab, 'min(told)') == [(1,)], 'both to be ticked off')
        assert len(spikes(lab)) == 1
        # Two hours and a bit later all is calm: told when that lasted.
        lab.stop()
        monkeypatch.setenv('VIGIE_TEST_WALL_SHIFT_S', '8000')
        lab.feed('feed', [])
        lab.start()

        def ends():
            return [p for p in lab.posts if p.name == 'json' and p.json['type'] == 'spike.ended']
        over = lab.wait(ends, 'its end')[0].json['data']
        assert over['spike']['began_at'] == began['began_at'] and over['spike']['peak'] >= 45
        assert over['spike']['severity'] == began['severity'] and over['items']
        length = (datetime.datetime.fromisoformat(over['spike']['ended_at'].replace('Z', '+00:00')) -
                  datetime.datetime.fromisoformat(over['spike']['began_at'].replace('Z', '+00:00'))).total_seconds()
        assert 8000 <= length < 8000 + 60
        resolved = lab.wait(lambda: [p.json for p in lab.posts if p.name == 'page'][1:], 'the incident to be resolved')[0]
        assert (resolved['event_action'], resolved['dedup_key']) == ('resolve', page['dedup_key'])
        rival = lab.wait_hook(lambda p: p.name == 'rivals' and 'over after' in p.text)
        assert 'Rival (competitor) — over after 2 h 1' in rival.text and 'mentions in an hour at most, usually' in rival.text
        lab.wait(lambda: row(lab, 'min(told), count(ended)') == [(2, 2)], 'all to be ticked off')
        # What is on its way when it is killed is rightly sent again.
        lab.wait(lambda: all(r['on_way'] == 0 for r in lab.status()['receivers']), 'all to be settled')
        for _ in range(2):
            lab.kill()
            lab.start()
        time.sleep(1)  # several looks
        assert len(ends()) == 1 and len([p for p in lab.posts if p.name == 'rivals' and 'over after' in p.text]) == 1


def test_a_spike_in_a_digest_says_its_figures(tmp_path, monkeypatch):
    with Lab(tmp_path) as lab:
        lab.feed('feed', [])
        past(lab, weeks=5, an_hour=6)
        minute = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=30)).strftime('%M')
        lab.config(CONFIG.replace('group_by: [brand], group_wait: 1h', f'digest: {{hourly: {int(minute)}}}'))
        lab.start()
        lab.feed('feed', burst(40, copies=25))
        lab.wait(lambda: row(lab, 'told') == [(1,)], 'it to be ticked off')
        lab.stop()
        monkeypatch.setenv('VIGIE_TEST_WALL_SHIFT_S', '2400')
        lab.start()
        digest = lab.wait_hook(lambda p: p.name == 'chat').text
        assert 'mentions dans la derni' in digest and 'Acme — ' in digest
