"""vigie report: every figure again, slowly, from vigie export and the zone database."""
import datetime
import json
import random
import sqlite3
import time
from collections import Counter, defaultdict
from zoneinfo import ZoneInfo

import lab
import pytest

WORDS = [a + b for a in 'ba ce di fo gu la me ni po ru'.split() for b in 'ton mir sel var dun'.split()]
NAMES = {'Acme': 'brand', 'Rival': 'competitor', 'Third': 'competitor'}


def rfc(t):
    return t.astimezone(datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')


def mentions(rng, zone, first, days):
    """Around the change to summer time of 2026-03-29, some exactly on the bounds."""
    start = datetime.datetime(*first, tzinfo=zone)
    titles, made = [], []
    for i in range(400):
        at = start.astimezone(datetime.timezone.utc) + datetime.timedelta(seconds=rng.randrange(days * 86400))
        if i < days:
            at = start + datetime.timedelta(days=i)  # local midnight
        at = at.astimezone(datetime.timezone.utc)
        copy = i >= days and rng.random() < 0.3
        title, at = rng.choice(titles) if copy else (' '.join(rng.sample(WORDS, 12)), at)
        if copy:  # as copies come: within hours
            at += datetime.timedelta(seconds=rng.randrange(3600))
        else:
            titles.append((title, at))
        source = rng.choice(['one', 'two', 'three', 'late'])
        names = rng.sample(list(NAMES), rng.randint(0, 3))
        made.append({
            'id': f'i{i}', 'title': title, 'url': f'https://site{i}.example/{i}', 'published': rfc(at), 'fetched': rfc(at),
            'source': source, 'author': {'name': rng.choice(['Ann <b>', 'Bob | x', ''])},
            'matches': [{'rule': n.lower(), 'kind': NAMES[n], 'brand': n, 'weight': 1} for n in names] + [
                {'rule': 'topic', 'kind': 'topic', 'brand': '', 'weight': 1}],
            'outcomes': [{'receiver': rng.choice('xy'), 'outcome': rng.choice(['sent', 'sent', 'dead']),
                          'delivery': f'd{i // 3}', 'at': rfc(at)}] if rng.random() < 0.4 else []})
    return sorted(made, key=lambda m: m['fetched'])  # as they come


def change(n, before):
    return (n - before) / before if before else None


@pytest.fixture(scope='module')
def archive(tmp_path_factory):
    state = tmp_path_factory.mktemp('report') / 'state'
    rng = random.Random(3)
    lab.fill_archive(state, mentions(rng, ZoneInfo('Europe/Paris'), (2026, 3, 20), 20))
    with sqlite3.connect(state / 'archive.db') as db:  # hours at which vigie ran, and how many sources it read well
        start = int(datetime.datetime(2026, 3, 20, tzinfo=datetime.timezone.utc).timestamp()) * 1000
        db.executemany('INSERT INTO coverage VALUES (?, ?, 4)', [(start + h * 3600000, rng.randint(0, 4)) for h in range(480) if rng.random() < 0.9])
    return state


@pytest.mark.parametrize('tz', ['UTC', 'Europe/Paris', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland'])
@pytest.mark.parametrize('first, last', [('2026-03-27', '2026-04-01'), ('2026-03-29', '2026-03-30'), ('2026-03-23', '2026-04-06')])
def test_figures(archive, tz, first, last):
    report = json.loads(lab.vigie('report', '--state', archive, '--format', 'json', '--tz', tz, '--period', f'{first}..{last}').stdout)
    zone, day = ZoneInfo(tz), datetime.date.fromisoformat
    a, b = day(first), day(last)

    def midnight(d):
        return datetime.datetime(d.year, d.month, d.day, tzinfo=zone).timestamp()
    starts = [midnight(a + datetime.timedelta(days=i)) for i in range((b - a).days + 1)]
    bounds = midnight(a - (b - a)), starts[0], starts[-1]
    now, before = [], []
    for line in lab.vigie('export', '--state', archive).stdout.splitlines():
        m = json.loads(line)
        m['t'] = datetime.datetime.fromisoformat(m['published'].replace('Z', '+00:00')).timestamp()
        if bounds[0] <= m['t'] < bounds[2]:
            (before if m['t'] < bounds[1] else now).append(m)
    assert now and before

    def count(key, some):
        return Counter(k for m in some for k in key(m))
    assert (report['volume']['n'], report['volume']['before']) == (len(now), len(before))
    assert report['volume']['change'] == change(len(now), len(before))
    assert [d['n'] for d in report['days']['rows']] == [
        sum(starts[i] <= m['t'] < starts[i + 1] for m in now) for i in range(len(starts) - 1)]

    def brands(m):
        return {x['brand'] for x in m['matches'] if x.get('kind') in ('brand', 'competitor')}
    n, n_before = count(brands, now), count(brands, before)
    for row in report['share_of_voice']['rows']:
        name = row['name']
        assert (row['n'], row['before'], row['kind']) == (n[name], n_before[name], NAMES[name])
        assert row['share'] == pytest.approx(n[name] / sum(n.values()))
        assert row['share_before'] == pytest.approx(n_before[name] / sum(n_before.values()))
        assert row['change'] == change(n[name], n_before[name])
    assert len(report['share_of_voice']['rows']) == len(set(n) | set(n_before))

    def authors(m):
        return [f"{m['author']['name']} ({m['source']})"] if m['author'] and m['author']['name'] else []
    for part, key in (('sources', lambda m: [m['source']]), ('authors', authors)):
        assert {r['name']: r['n'] for r in report[part]['rows']} == dict(count(key, now)), part
    assert len({m['story']['id'] for m in now}) == len({m['title'] for m in now})  # the copies were found
    stories, places = Counter(m['story']['id'] for m in now), defaultdict(set)
    for m in now:
        places[m['story']['id']].add(m['source'])
    assert sorted(r['n'] for r in report['stories']['rows']) == sorted(stories.values())
    assert sorted(r['sources'] for r in report['stories']['rows']) == sorted(len(p) for p in places.values())
    told = [r for r in sqlite3.connect(archive / 'archive.db').execute('SELECT receiver, delivery, at FROM outcomes WHERE outcome = "sent"')
            if bounds[1] * 1000 <= r[2] < bounds[2] * 1000]
    assert {r['name']: r['n'] for r in report['alerts']['rows']} == dict(Counter(r[0] for r in told))
    assert report['alerts']['messages'] == len({r[1] for r in told})
    hours = [r for r in sqlite3.connect(archive / 'archive.db').execute('SELECT at, healthy, sources FROM coverage')
             if bounds[1] * 1000 <= r[0] < bounds[2] * 1000]
    cover = report['coverage']
    assert (cover['hours_recorded'], cover['hours']) == (len(hours), (bounds[2] - bounds[1]) // 3600)
    assert cover['healthy'] == pytest.approx(sum(r[1] for r in hours) / sum(r[2] for r in hours))
    heard = {m['source'] for m in now}
    assert report['coverage']['sources_heard'] == len(heard)
    assert report['coverage']['sources_silent'] == len({m['source'] for m in before} - heard)


def test_nothing_is_divided_by_nothing(archive):
    out = lab.vigie('report', '--state', archive, '--period', '2020-01-01..2020-01-03').stdout
    assert 'n/a' in out and 'nan' not in out.lower() and 'inf' not in out.lower()
    assert json.loads(lab.vigie('report', '--state', archive, '--period', '2020-01-01..2020-01-03', '--format', 'json').stdout)['volume']['change'] is None


def test_paper_is_whole_and_tame(archive):
    page = lab.vigie('report', '--state', archive, '--period', '2026-03-27..2026-04-01', '--format', 'html', '--lang', 'fr', '--tz', 'Europe/Paris').stdout
    assert '<html lang="fr">' in page and 'Part de voix' in page and '<b>' not in page and '<script' not in page and 'src=' not in page
    assert 'Ann &#60;b&#62;' in page
    text = lab.vigie('report', '--state', archive, '--period', '2026-03-27..2026-04-01').stdout
    assert 'Bob \\| x' in text and '## Share of voice' in text


@pytest.mark.parametrize('args', [('--period', 'year'), ('--period', '2026-02-30..2026-03-02'), ('--period', '2026-03-02..2026-03-02'),
                                  ('--tz', '../../etc/passwd'), ('--tz', 'Europe/Nowhere'), ('--format', 'doc'), ('--lang', 'xx'), ('more',)])
def test_what_is_wrong_is_said(archive, args):
    said = lab.vigie('report', '--state', archive, *args, check=False)
    assert said.returncode == 2 and said.stderr and not said.stdout


def test_whole_periods_end_before_now(archive):
    for period, longest in (('day', 1), ('week', 7), ('month', 31)):
        p = json.loads(lab.vigie('report', '--state', archive, '--format', 'json', '--period', period).stdout)['period']
        a, b = (datetime.datetime.fromisoformat(p[k].replace('Z', '+00:00')) for k in ('from', 'to'))
        assert b <= datetime.datetime.now(datetime.timezone.utc) and 0 < (b - a).days <= longest
        assert period != 'week' or a.weekday() == 0
        assert period != 'month' or a.day == b.day == 1


SENT = """
rules: [{id: acme, kind: brand, brand: Acme, query: acme}]
sources: [{id: feed, kind: feed, url: '@BASE@/feed/feed', every: 1s}]
receivers:
  - {id: mail, email: {to: [cm@example.org], from: vigie@example.org, smtp: 'smtp://127.0.0.1:@SMTP@'}}
  - {id: chat, mattermost: {url: '@BASE@/hook/chat'}}
  - {id: hook, webhook: {url: '@BASE@/hook/json', secret: s}}
routes: {receiver: chat, group_by: [brand], group_wait: 1h}
"""


def test_sent_by_hand_to_a_mail_and_a_chat(tmp_path):
    with lab.Lab(tmp_path) as world:
        world.mail_server()
        world.feed('feed', [lab.item('1', 'Acme opens')])
        world.config(SENT)
        world.start()
        today = datetime.date.today()
        period = f'{today - datetime.timedelta(days=1)}..{today + datetime.timedelta(days=1)}'
        world.wait(lambda: 'acme' in world.vigie('export', '--state', world.state, check=False).stdout.lower(), 'the mention')
        for receiver in 'mail', 'chat', 'hook':
            said = world.vigie('report', '--state', world.state, '--period', period, '--send', receiver, '--lang', 'fr').stdout
            assert f'on its way to {receiver}' in said
        mail = world.wait_mail().message
        parts = {p.get_content_type(): p.get_content() for p in mail.iter_parts()}
        assert 'Veille concurrentielle' in mail['Subject']
        assert parts['text/html'].startswith('<!DOCTYPE html>') and 'Part de voix' in parts['text/html']
        assert '## Part de voix' in parts['text/plain'] and 'Acme' in parts['text/plain']
        chat = world.wait_hook(lambda p: p.name == 'chat').json
        assert 'Veille concurrentielle' in chat['text'] and '1 mentions (0 avant, n. d.)' in json.dumps(chat, ensure_ascii=False)
        assert world.wait_hook(lambda p: p.name == 'json').json['type'] == 'report.created'
        refused = world.vigie('report', '--state', world.state, '--send', 'nobody', check=False)
        assert refused.returncode == 2 and 'no such receiver' in refused.stderr


def test_the_schedule_sends_each_once(tmp_path, monkeypatch):
    monkeypatch.setenv('VIGIE_TEST_RETRY_SCALE', '100')  # it looks every 0.6 s
    with lab.Lab(tmp_path) as world:
        world.feed('feed', [lab.item('1', 'Acme opens')])
        world.config(SENT.replace("'smtp://127.0.0.1:@SMTP@'", "'smtp://127.0.0.1:1'") +
                     "reports: [{period: day, at: '00:00', to: [chat, hook]}, {at: 'mon 08:00', tz: Europe/Paris, to: hook, lang: fr}]\n")
        world.start()
        path = f'{world.state}/archive.db'

        def rows():
            return sqlite3.connect(path).execute('SELECT name, until FROM reports ORDER BY name, until').fetchall()
        # What is due before the schedule was written is not sent.
        seen = world.wait(lambda: len(rows()) == 2 and rows(), 'both schedules')
        assert [r[0] for r in seen] == ['day 00:00 UTC en chat hook', 'week mon 08:00 Europe/Paris fr hook']
        monday = datetime.datetime.fromtimestamp(seen[1][1] / 1000, ZoneInfo('Europe/Paris'))
        assert (monday.weekday(), monday.hour, monday.minute) == (0, 8, 0)
        assert not world.posts
        world.stop()
        with sqlite3.connect(path) as db:  # a day on, as it were
            db.execute("UPDATE reports SET until = until - 86400000 WHERE name LIKE 'day%'")
        world.start()
        world.wait_hook(lambda p: p.name == 'json' and p.json['type'] == 'report.created')
        world.wait_hook(lambda p: p.name == 'chat' and 'Competitor watch' in p.text)
        world.wait(lambda: len(rows()) == 3, 'it to be ticked off')
        # What was on its way when it was killed is rightly sent again.
        world.wait(lambda: sqlite3.connect(path).execute("SELECT count(*) FROM outcomes WHERE outcome = 'sent'").fetchone() == (2,), 'the ledger')
        for _ in range(2):
            world.kill()
            world.start()
        time.sleep(2)  # several looks
        assert len(world.posts) == 2
        assert sqlite3.connect(path).execute('SELECT healthy, sources FROM coverage').fetchall()[0] == (1, 1)


@pytest.mark.parametrize('plan, said', [
    ('{at: never, to: chat}', 'mon 08:00'), ('{period: year, to: chat}', 'day, week or month'), ('{to: nobody}', 'no receiver'),
    ('{tz: Mars/North, to: chat}', 'tz:'), ('{}', 'to: is missing'), ('{to: chat, lang: de}', 'en or fr'),
    ('{period: month, at: 31 08:00, to: chat}', '1 08:00'), ("{period: day, at: '24:00', to: chat}", '08:00')])
def test_what_is_wrong_in_a_schedule_is_said(tmp_path, plan, said):
    path = tmp_path / 'vigie.yaml'
    path.write_text("brands: [Acme]\nsources: []\nreceivers: [{id: chat, mattermost: {url: 'https://x.example/h'}}]\n"
                    f'state: {tmp_path}/s\nreports: [{plan}]\n')
    done = lab.vigie('check', '-c', path, check=False)
    assert done.returncode != 0 and said in done.stderr + done.stdout
