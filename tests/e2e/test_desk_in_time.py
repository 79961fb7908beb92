"""What the desk does as hours pass, seen from outside: steps of a story, repeats, acknowledgements, digests, quiet hours,
budgets, the end of a silence. The clock is put forward over restarts, so each of them is one, too."""
import datetime
import json
import sqlite3
import time

from lab import item

HOUR, DAY = 3600, 86400

CONFIG = """
rules: [{id: acme, query: acme}, {id: fire, query: fire, weight: 9}]
sources: [{id: a, url: '@BASE@/feed/a', every: 1s}]
receivers:
  - {id: hook, webhook: {url: '@BASE@/hook/json', secret: s}%s}
  - {id: chat, mattermost: {url: '@BASE@/hook/chat'}}
routes: %s
"""
TEXT = ('Acme said on Tuesday that it would close its plant in the valley by the end of the year, and move the work of four '
        'hundred people to its sites abroad. The union called the plan a breach of what had been agreed only last spring.')


def configure(lab, routes, receiver=''):
    lab.config(CONFIG % (receiver, routes))


def utc(shift, minutes=0):
    """HH:MM, UTC, of vigie's clock in so many minutes."""
    return (datetime.datetime.fromtimestamp(time.time() + shift, datetime.timezone.utc) + datetime.timedelta(minutes=minutes)).strftime('%H:%M')


def go_to(lab, monkeypatch, shift):
    lab.stop()
    monkeypatch.setenv('VIGIE_TEST_WALL_SHIFT_S', str(shift))
    lab.start()


def law(lab, receiver='hook'):
    one = next((r for r in lab.status()['receivers'] if r['id'] == receiver), None)
    assert one is None or one['lawful'] and one['candidates'] == sum(
        one[k] for k in ('sent', 'digested', 'muted', 'silenced', 'folded', 'dead', 'waiting', 'in_digest', 'on_way'))
    return one


def until_law(lab, receiver='hook', **wanted):
    return lab.wait(lambda: (now := law(lab, receiver)) and all(now[k] == v for k, v in wanted.items()), f'{receiver}: {wanted}')


def posts(lab, name='json'):
    return [p for p in lab.posts if p.name == name]


def titles(lab, name='json'):
    """Of each message to the web hook: how it is told, and the titles it has."""
    return [(p.json['data'].get('told'), [i['item']['title'] for i in p.json['data'].get('items') or [p.json['data']]])
            for p in posts(lab, name)]


def copies(first, n, sites=1000, shift=0):
    return [item(f'c{i}', 'Acme closes its plant in the valley', TEXT, url=f'https://s{i % sites}.example/{i}', published=shift)
            for i in range(first, first + n)]


def test_a_story_is_told_again_at_the_steps_a_route_asks_for_and_at_no_other(lab):
    lab.feed('a', copies(0, 1))
    configure(lab, '{receiver: hook, story_steps: [12], routes: [{match: {rule: acme}, continue: true, receiver: chat, story_steps: []},'
              ' {match: {rule: acme}}]}')
    lab.start()
    until_law(lab, sent=1)
    until_law(lab, 'chat', sent=1)
    lab.feed('a', copies(0, 11, sites=9))
    until_law(lab, folded=10)
    assert len(posts(lab)) == len(posts(lab, 'chat')) == 1
    lab.feed('a', copies(0, 12, sites=9))
    until_law(lab, sent=2, folded=10)
    lab.feed('a', copies(0, 30, sites=9))
    until_law(lab, sent=2, folded=28)
    until_law(lab, 'chat', sent=1, folded=29)
    assert [how for how, _ in titles(lab)] == [None, 'update']
    update = posts(lab)[1].json['data']
    assert (update['story']['mentions'], update['story']['sites']) == (12, 9)


def test_an_update_says_how_many_copies_on_how_many_sites(lab):
    lab.feed('a', copies(0, 1))
    configure(lab, '{receiver: chat, story_steps: [12]}')
    lab.start()
    until_law(lab, 'chat', sent=1)
    lab.feed('a', copies(0, 12, sites=9))
    until_law(lab, 'chat', sent=2, folded=10)
    assert '+11 copies on 9 sites' in posts(lab, 'chat')[1].text


def test_what_is_not_acknowledged_is_told_again_and_what_is_is_not(lab, monkeypatch):
    lab.feed('a', copies(0, 1) + [item('x', 'Acme opens a garden for all who come')])
    configure(lab, '{receiver: hook, repeat_interval: 1h, story_steps: [3]}')
    lab.start()
    until_law(lab, sent=2)
    first = next(p.json['data'] for p in posts(lab) if 'plant' in p.text)
    go_to(lab, monkeypatch, HOUR + 60)
    lab.wait(lambda: len(posts(lab)) == 4, 'both again')
    assert sorted(how for how, _ in titles(lab)[2:]) == ['repeat', 'repeat']
    assert sorted(t for _, t in titles(lab)[2:]) == sorted(t for _, t in titles(lab)[:2])

    said = lab.vigie('ack', first['story']['id'], '--author', 'ann', '-c', lab.config_path)
    assert first['story']['id'] in said.stdout
    again = lab.vigie('ack', first['story']['id'], '-c', lab.config_path, check=False)
    assert again.returncode != 0 and 'acknowledged already' in again.stderr
    go_to(lab, monkeypatch, 2 * HOUR + 120)
    lab.feed('a', copies(0, 5))  # a step is passed, but of what is acknowledged
    until_law(lab, sent=2, folded=4)
    lab.wait(lambda: len(posts(lab)) == 5, 'the other one again')
    assert titles(lab)[4] == ('repeat', ['Acme opens a garden for all who come'])
    go_to(lab, monkeypatch, 3 * HOUR + 180)
    lab.wait(lambda: len(posts(lab)) == 6, 'the other one once more')
    assert titles(lab)[5] == titles(lab)[4]
    until_law(lab, sent=2, folded=4, on_way=0)
    lab.stop()
    audit = sqlite3.connect(f'{lab.state}/archive.db').execute('SELECT actor, action, subject FROM audit').fetchall()
    assert audit == [('ann', 'ack', first['story']['id'])]


def test_a_group_is_acknowledged_by_its_name(lab, monkeypatch):
    lab.feed('a', copies(0, 1))
    configure(lab, '{receiver: hook, group_by: [rule], group_wait: 0s, repeat_interval: 1h}')
    lab.start()
    until_law(lab, sent=1)
    lab.vigie('ack', 'rule=acme', '-c', lab.config_path)
    go_to(lab, monkeypatch, HOUR + 60)
    lab.feed('a', copies(0, 1) + [item('x', 'Acme opens a garden for all who come', published=HOUR)])
    # What is new on it is told, and then again.
    until_law(lab, sent=2)
    go_to(lab, monkeypatch, 3 * HOUR)
    lab.wait(lambda: len(posts(lab)) == 3, 'the new one again')
    assert [how for how, _ in titles(lab)] == [None, None, 'repeat'] and 'garden' in titles(lab)[2][1][0]


def test_a_daily_digest_and_nothing_today(lab, monkeypatch):
    lab.feed('a', copies(0, 3) + [item('x', 'Acme and the fire')])
    configure(lab, f"{{receiver: [hook, chat], digest: {{daily: '{utc(0, 30)}', empty: true}}}}")
    lab.start()
    until_law(lab, in_digest=2, folded=2)
    assert not lab.posts
    go_to(lab, monkeypatch, HOUR)
    until_law(lab, digested=2, folded=2)
    assert titles(lab) == [('digest', ['Acme and the fire', 'Acme closes its plant in the valley'])]
    lab.feed('a', [])
    go_to(lab, monkeypatch, HOUR + DAY)
    nothing = lab.wait(lambda: posts(lab, 'chat')[1:], 'nothing')[0].text
    assert 'Nothing was found in this time' in nothing and '1 of 1 sources answer' in nothing
    lab.wait(lambda: posts(lab)[1:], 'nothing')
    go_to(lab, monkeypatch, HOUR + DAY + 600)
    lab.feed('a', [item('y', 'Acme has news', published=HOUR + DAY)])
    until_law(lab, in_digest=1, digested=2)
    assert len(lab.posts) == 4


def test_an_hourly_digest(lab, monkeypatch):
    lab.feed('a', [item('x', 'Acme and the fire'), item('y', 'Acme opens a garden')])
    configure(lab, f'{{receiver: hook, digest: {{hourly: {int(utc(0, 10)[3:])}}}}}')
    lab.start()
    until_law(lab, in_digest=2)
    go_to(lab, monkeypatch, 15 * 60)
    until_law(lab, digested=2)
    go_to(lab, monkeypatch, HOUR + 15 * 60)
    lab.feed('a', [item('z', 'Acme has news', published=HOUR)])
    until_law(lab, in_digest=1, digested=2)
    go_to(lab, monkeypatch, 2 * HOUR + 15 * 60)
    until_law(lab, digested=3)
    assert [(how, len(t)) for how, t in titles(lab)] == [('digest', 2), ('digest', 1)]


def test_quiet_hours_hold_and_let_go(lab, monkeypatch):
    lab.feed('a', copies(0, 2))
    configure(lab, '{receiver: hook}', f", tz: UTC, quiet: '{utc(0, -60)}-{utc(0, 60)}'")
    lab.start()
    until_law(lab, waiting=1, folded=1)
    lab.feed('a', copies(0, 2) + [item('f', 'A fire at Acme')])  # critical: passes
    until_law(lab, waiting=1, sent=1)
    assert titles(lab) == [(None, ['A fire at Acme'])]
    go_to(lab, monkeypatch, 30 * 60)
    until_law(lab, waiting=1, sent=1)
    go_to(lab, monkeypatch, HOUR + 60)
    until_law(lab, waiting=0, sent=2)
    assert titles(lab)[1:] == [(None, ['Acme closes its plant in the valley'])]


def test_a_budget_its_rest_in_the_digest_and_the_critical_beyond_it(lab, monkeypatch):
    names = 'garden bridge tower harbour'.split()
    lab.feed('a', [item(n, f'Acme opens a {n}', f'The {n} of acme') for n in names])
    # 30 minutes to the digest; the budget's day must not end before it does.
    configure(lab, '{receiver: hook}', f", budget: 2/week, tz: UTC, digest: {{daily: '{utc(0, 30)}'}}")
    lab.start()
    until_law(lab, sent=2, in_digest=2)
    lab.feed('a', [item('f', 'A fire at Acme')])
    until_law(lab, sent=3, in_digest=2)
    assert titles(lab)[2] == (None, ['A fire at Acme'])
    go_to(lab, monkeypatch, HOUR)
    until_law(lab, sent=3, digested=2, in_digest=0)
    assert titles(lab)[3][0] == 'digest'
    assert sorted(t for _, some in titles(lab) for t in some) == sorted([f'Acme opens a {n}' for n in names] + ['A fire at Acme'])


def test_a_silence_ends(lab, monkeypatch):
    lab.feed('a', [])
    configure(lab, '{receiver: hook}')
    lab.start()
    until_law(lab, candidates=0)
    lab.vigie('silence', 'add', '--match', 'rule=acme', '--for', '1h', '--author', 'ann', '--comment', 'works', '-c', lab.config_path)
    lab.feed('a', copies(0, 1))
    until_law(lab, silenced=1)
    go_to(lab, monkeypatch, 30 * 60)
    lab.feed('a', copies(0, 1) + [item('x', 'Acme opens a garden', published=30 * 60)])
    until_law(lab, silenced=2)
    go_to(lab, monkeypatch, HOUR + 60)
    assert lab.vigie('silence', 'list', '-c', lab.config_path).stdout == ''
    # A copy of what was silenced is told like a first one.
    lab.feed('a', copies(0, 2, shift=HOUR) + [item('x', 'Acme opens a garden', published=30 * 60)])
    until_law(lab, silenced=2, sent=1)
    assert titles(lab) == [(None, ['Acme closes its plant in the valley'])]


def test_a_silence_and_a_mute_reach_what_waits(lab, monkeypatch):
    lab.feed('a', copies(0, 1) + [item('x', 'Acme opens a garden', url='https://bad.example/1'), item('y', 'Acme has news')])
    configure(lab, '{receiver: hook, routes: [{match: {site: [bad.example]}, digest: {hourly: %s}}]}' % int(utc(0, 10)[3:]),
              f", tz: UTC, quiet: '{utc(0, -60)}-{utc(0, 5)}'")
    lab.start()
    until_law(lab, waiting=2, in_digest=1)
    lab.vigie('silence', 'add', '--match', 'rule=acme', '--match', 'site=s0.example', '--for', '1d', '--author', 'ann',
              '--comment', 'we know', '-c', lab.config_path)
    lab.vigie('mute', 'site', 'bad.example', '-c', lab.config_path)
    go_to(lab, monkeypatch, 15 * 60)
    until_law(lab, sent=1, silenced=1, muted=1, waiting=0, in_digest=0)
    assert titles(lab) == [(None, ['Acme has news'])]
    # The ledger is written beside the desk's state.
    lab.wait(lambda: 'silence' in lab.vigie('explain', 'https://s0.example/0', '-c', lab.config_path).stdout.lower(), 'the ledger')
