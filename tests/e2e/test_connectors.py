"""Sources of networks: a scripted network that behaves as one, and the requests that are made to it."""
import base64
import hashlib
import json
import os
import re
import sqlite3
import stat
import subprocess
import threading
import time
import urllib.error
import urllib.request
from datetime import datetime, timezone
from urllib.parse import parse_qsl, urlsplit

import pytest

from lab import VIGIE

HOOK = """
rules:
  - {id: acme, kind: brand, brand: Acme, query: 'acme'}
receivers:
  - {id: hook, webhook: {url: '@BASE@/hook/hook', secret: 'whsec_YSBzZWNyZXQgb2YgdGhlIGxhYiwgMzIgYnl0ZXMgb2s='}}
routes: {receiver: hook, group_by: [mention]}
"""
CRAWL = 'crawl: {spacing: 0s, history: %s, allow_addresses: [127.0.0.0/8]}\n'


def connector(lab, text, name='board'):
    """A connector file beside the configuration; its base is the lab's server."""
    head = f"network: {name}\ntitle: {name.title()}\nbase: {lab.url('')}\nfacts: {{date: '2026', verified: true}}\n"
    with open(os.path.join(lab.folder, f'{name}.yaml'), 'w', encoding='utf-8') as f:
        f.write(head + text)


def configure(lab, sources, history='24h', more=''):
    lab.config(CRAWL % history + HOOK + more + 'sources:\n' + sources)


def iso(seconds=0):
    return datetime.fromtimestamp(time.time() + seconds, timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')


def titles(lab):
    return sorted(p.json['data']['item']['title'] for p in list(lab.posts))


def mentions(lab, sql='SELECT title FROM mentions ORDER BY title'):
    with sqlite3.connect(os.path.join(lab.state, 'archive.db')) as db:
        return [row[0] for row in db.execute(sql)]


class Asked:
    """One request, as a test reads it."""

    def __init__(self, method, target, headers, body):
        self.at, self.method, self.headers, self.body = time.monotonic(), method, headers, body
        self.path = urlsplit(target).path
        self.query = dict(parse_qsl(urlsplit(target).query))
        self.form = dict(parse_qsl(body.decode('utf-8', 'replace')))


class Network:
    """Answers by a function; keeps what was asked. reply(asked) -> (status, headers, JSON), JSON, or None."""

    def __init__(self, lab, reply):
        self.asked, self.reply, self.lock = [], reply, threading.Lock()
        lab.network = self.answer

    def answer(self, method, target, headers, body):
        asked = Asked(method, target, headers, body)
        result = self.reply(asked)
        if result is None:
            return None
        with self.lock:
            self.asked.append(asked)
        status, more, body = result if isinstance(result, tuple) else (200, {}, result)
        return status, {'Content-Type': 'application/json', **more}, json.dumps(body).encode()

    def at(self, path):
        with self.lock:
            return [a for a in self.asked if a.path == path]


POSTS = """
maps:
  posts:
    items: /posts
    fields: |
      id = /id
      deleted = /gone
      url = "https://board.example/{/id}"
      title = /title
      text = /text
      published = /at | time
"""


def post(number, at=0, text='Acme says', **more):
    return {'id': f'p{number}', 'title': f'post {number}', 'text': text, 'at': iso(at), **more}


def test_pages_are_turned_and_then_only_what_is_new_is_asked_for(lab):
    connector(lab, """tier: 1
auth: none
asks:
  search:
    map: posts
    pages_from: 0
    max_pages: 5
    overlap: 0s
    request: |
      path = '/search'
      query.q = %words
      query.since = %since
      query.page = %page
""" + POSTS)
    posts = [post(n, at=-60 * n - 60) for n in range(5)]

    def reply(asked):
        if asked.path != '/search':
            return None
        since, page = int(asked.query['since']), int(asked.query['page'])
        found = [p for p in posts if datetime.fromisoformat(p['at'].replace('Z', '+00:00')).timestamp() > since]
        return {'posts': found[2 * page:2 * page + 2]}

    net = Network(lab, reply)
    configure(lab, '  - {connector: board.yaml, search: brand, every: 1s}\n')
    begun = time.time()
    lab.start()
    lab.wait(lambda: len(lab.posts) >= 5, 'the posts')
    lab.wait(lambda: len(net.at('/search')) >= 5, 'another round')
    asked = net.at('/search')
    assert [a.query['page'] for a in asked[:5]] == ['0', '1', '2', '3', '0']
    assert all(a.query['q'] == 'acme' for a in asked)
    # The first round looks back as far as crawl.history, the next as far as the newest that was seen.
    assert abs(int(asked[0].query['since']) - (begun - 86400)) < 20
    assert len({a.query['since'] for a in asked[:4]}) == 1
    newest = datetime.fromisoformat(posts[0]['at'].replace('Z', '+00:00')).timestamp()
    assert int(asked[4].query['since']) == newest
    posts.insert(0, post(9))
    lab.wait(lambda: 'post 9' in titles(lab), 'the new post')
    assert titles(lab) == sorted(f'post {n}' for n in (0, 1, 2, 3, 4, 9))


TOKEN_PAGED = """tier: 1
auth: none
asks:
  all:
    map: posts
    max_pages: 20
    request: |
      path = '/all'
""" + POSTS.replace('    fields', '    next:\n      cursor: $/next\n    fields')


def test_a_restart_in_the_middle_of_paging_loses_and_repeats_nothing(lab):
    connector(lab, TOKEN_PAGED)
    pages = {None: ([post(0), post(1)], 'c1'), 'c1': ([post(2), post(3)], 'c2'), 'c2': ([post(4), post(5)], 'c3'),
             'c3': ([post(6)], None)}
    held = threading.Event()
    held.set()

    def reply(asked):
        if asked.path != '/all':
            return None
        cursor = asked.query.get('cursor')
        if cursor == 'c2' and held.is_set():
            return 503, {'Retry-After': '1'}, {}
        found, following = pages[cursor]
        return {'posts': found, 'next': following}

    net = Network(lab, reply)
    configure(lab, '  - {connector: board.yaml, every: 1h}\n')
    lab.start()
    lab.wait(lambda: any(a.query.get('cursor') == 'c2' for a in net.at('/all')), 'the third page')
    lab.settle(4)
    lab.kill()
    lab.wait(lambda: lab.redis_pid() is None, 'the orphaned redis-server to end')
    before = len(net.at('/all'))
    held.clear()
    lab.start()
    lab.wait(lambda: len(titles(lab)) >= 7, 'all posts')
    after = [a.query.get('cursor') for a in net.at('/all')[before:]]
    assert after == ['c2', 'c3'], after
    assert titles(lab) == [f'post {n}' for n in range(7)]


def test_a_window_that_is_too_full_is_halved_also_across_a_restart(lab):
    connector(lab, """tier: 1
auth: none
asks:
  search:
    map: posts
    max_pages: 4
    window: 5
    window_least: 4s
    overlap: 0s
    request: |
      path = '/search'
      query.since = %since
      query.until = %until
""" + POSTS)
    # The newest first, five at most, and nothing says that there are more.
    posts = [post(n, at=-100 * n - 60) for n in range(40)]
    state = {'refuse': None, 'all': posts}

    def second(p):
        return int(datetime.fromisoformat(p['at'].replace('Z', '+00:00')).timestamp())

    def reply(asked):
        if asked.path != '/search':
            return None
        if state['refuse'] and len(net.asked) >= state['refuse']:
            return 503, {'Retry-After': '1'}, {}
        since, until = int(asked.query['since']), int(asked.query['until'])
        return {'posts': [p for p in state['all'] if since <= second(p) < until][:5]}

    net = Network(lab, reply)
    state['refuse'] = 9
    configure(lab, '  - {connector: board.yaml, every: 1s}\n')
    lab.start()
    lab.wait(lambda: len(net.asked) > 9, 'a refusal in the middle')
    lab.kill()
    lab.wait(lambda: lab.redis_pid() is None, 'the orphaned redis-server to end')
    covered = max((int(a.query['since']) for a in net.asked[:9]))
    before = len(net.asked)
    state['refuse'] = None
    lab.start()
    lab.wait(lambda: len(titles(lab)) >= 40, 'all posts')
    assert int(net.asked[before].query['since']) >= covered > second(posts[-1]) - 86400, 'it goes on where it was'
    # As many in one second as nothing can part: five of them come, and the source says that it was cut.
    burst = [post(n, at=-2) for n in range(100, 108)]
    state['all'] = burst + posts
    lab.wait(lambda: len(titles(lab)) >= 45, 'what can be had of the burst')
    lab.wait(lambda: lab.status()['sources'][0]['mark'] == 'overlong', 'the mark')
    later = [post(n) for n in range(200, 203)]
    state['all'] = later + burst + posts
    lab.wait(lambda: len(titles(lab)) >= 48, 'what came behind it')
    assert len(titles(lab)) == len(set(titles(lab))) == 48
    assert {p['title'] for p in posts + later} <= set(titles(lab))


def test_a_token_is_fetched_stored_and_renewed(lab):
    connector(lab, """tier: 3
auth: OAuth 2.0
needs_login: true
logins:
  app:
    about: an app
    needs: [client_id, client_secret]
    add: |
      header.Authorization = "Bearer {%access_token}"
    token: |
      path = '/oauth/token'
      basic = "{%client_id}:{%client_secret}"
      form.grant_type = 'client_credentials'
    answer: {access_token: /access_token, expires_in: /expires_in}
asks:
  all:
    map: posts
    request: |
      path = '/all'
errors:
  - when: /status == 401
    is: auth
""" + POSTS)
    given, good = [], set()

    def reply(asked):
        if asked.path == '/oauth/token':
            given.append(f'secret-token-{len(given)}')
            good.clear()
            good.add(given[-1])
            return {'access_token': given[-1], 'expires_in': 3600, 'token_type': 'bearer'}
        if asked.path == '/all':
            if asked.headers.get('authorization', '').removeprefix('Bearer ') not in good:
                return 401, {}, {'error': 'expired'}
            return {'posts': [post(1)]}
        return None

    net = Network(lab, reply)
    os.environ['BOARD_SECRET'] = 's3cret'
    try:
        configure(lab, "  - {connector: board.yaml, every: 1s, client_id: app, client_secret: '${BOARD_SECRET}'}\n")
        lab.start()
        lab.wait(lambda: titles(lab) == ['post 1'], 'a post')
        token = net.at('/oauth/token')[0]
        assert token.method == 'POST' and token.form['grant_type'] == 'client_credentials'
        assert base64.b64decode(token.headers['authorization'].split()[1]) == b'app:s3cret'
        # It is durable, and nobody else's to read.
        [name] = os.listdir(os.path.join(lab.state, 'tokens'))
        path = os.path.join(lab.state, 'tokens', name)
        assert 'secret-token-0' in open(path, encoding='utf-8').read()
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        lab.stop()
        lab.start()
        lab.wait(lambda: len(net.at('/all')) >= 3, 'further reading')
        assert len(net.at('/oauth/token')) == 1, 'a restart uses the stored one'
        # It ends before its time: a new one is fetched at once, and the source never stands still.
        good.clear()
        lab.wait(lambda: len(net.at('/oauth/token')) == 2, 'another token')
        after = len(net.at('/all'))
        lab.wait(lambda: len(net.at('/all')) >= after + 2, 'reading to go on')
        assert not lab.status()['sources'][0]['error']
        shown = json.dumps(lab.status()) + '\n'.join(lab.log) + lab.vigie('check', '-c', lab.config_path, '--expand').stdout
        assert 's3cret' not in shown and 'secret-token' not in shown
    finally:
        del os.environ['BOARD_SECRET']


def test_limits_are_waited_for_by_the_whole_account(lab):
    connector(lab, """tier: 1
auth: none
asks:
  search:
    map: posts
    request: |
      path = '/search'
      query.q = %words
errors:
  - when: /body/error == slow_down
    is: rate_limited
    wait: /body/seconds
""" + POSTS)
    state = {'limited': True}

    def reply(asked):
        if asked.path != '/search':
            return None
        if state['limited']:
            state['limited'] = False
            return {'error': 'slow_down', 'seconds': 3}  # with a 200
        return {'posts': [post(asked.query['q'])]}

    net = Network(lab, reply)
    configure(lab, "  - {connector: board.yaml, search: [acme one, acme two], every: 1s}\n")
    lab.start()
    lab.wait(lambda: len(lab.posts) >= 2, 'both searches')
    asked = net.at('/search')
    first = asked[0].at
    # One may have been on its way already; nobody else is asked before the time is over.
    assert all(a.at - first > 2.5 or a.at - first < 0.5 for a in asked[1:]), [a.at - first for a in asked]
    assert any(a.at - first > 2.5 for a in asked)


QUOTA = """tier: 1
auth: none
quota: [{most: 6, per: 1h}]
asks:
  search:
    map: posts
    pages_from: 0
    max_pages: 5
    request: |
      path = '/search'
      query.q = %words
      query.page = %page
""" + POSTS


def test_a_quota_is_shared_kept_over_a_restart_and_never_overrun(lab):
    connector(lab, QUOTA)
    # The first search has pages without end, the second one each time.
    net = Network(lab, lambda asked: {'posts': [post(f"{asked.query['q']} {len(net.asked)}")]
                                      if 'many' in asked.query['q'] or asked.query['page'] == '0' else []}
                  if asked.path == '/search' else None)
    configure(lab, "  - {connector: board.yaml, search: [acme many, acme few], every: 1s}\n")
    lab.start()
    lab.wait(lambda: len(net.at('/search')) >= 6, 'the budget to be spent')
    lab.wait(lambda: lab.status()['accounts'][0]['quotas'][0]['spent'] == 6, 'the status to say so')
    spent = [a.query['q'] for a in net.at('/search')]
    assert spent.count('acme many') == spent.count('acme few') == 3, spent
    account = lab.status()['accounts'][0]
    assert account['account'].startswith('board@127.0.0.1') and account['quotas'][0]['most'] == 6
    lab.kill()
    lab.wait(lambda: lab.redis_pid() is None, 'the orphaned redis-server to end')
    lab.start()
    time.sleep(1.5)  # nothing may happen: there is no event to wait for
    assert len(net.at('/search')) == 6
    assert 'spent 6 of 6' in lab.vigie('status', '-c', lab.config_path).stdout


def test_the_part_of_a_source_is_kept_over_a_restart(lab):
    connector(lab, QUOTA.replace('most: 6', 'most: 8'))
    # One has pages without end; what the other leaves of its part is not for it.
    net = Network(lab, lambda asked: {'posts': [post(f"{asked.query['q']} {len(net.asked)}")]
                                      if 'many' in asked.query['q'] or asked.query['page'] == '0' else []}
                  if asked.path == '/search' else None)
    configure(lab, "  - {connector: board.yaml, search: [acme many], id: many, every: 1s}\n"
                   "  - {connector: board.yaml, search: [acme few], id: few, every: 1h}\n")

    def spent():
        asked = [a.query['q'] for a in net.at('/search')]
        return asked.count('acme many'), asked.count('acme few')
    lab.start()
    lab.wait(lambda: spent() == (4, 2), 'the parts to be spent')
    for _ in range(2):
        lab.kill()
        lab.wait(lambda: lab.redis_pid() is None, 'the orphaned redis-server to end')
        lab.start()
        time.sleep(1.5)  # nothing may happen: there is no event to wait for
        assert spent() == (4, 2)
    assert lab.status()['accounts'][0]['quotas'][0]['spent'] == 6


def test_what_the_network_deletes_loses_its_text(lab):
    connector(lab, TOKEN_PAGED)
    posts = [post(1), post(2)]
    Network(lab, lambda asked: {'posts': posts} if asked.path == '/all' else None)
    configure(lab, '  - {connector: board.yaml, every: 1s}\n')
    lab.start()
    lab.wait(lambda: len(lab.posts) >= 2, 'both posts')
    lab.wait(lambda: len(mentions(lab)) == 2, 'both in the archive')
    posts[0] = {'id': 'p1', 'gone': True}
    lab.wait(lambda: mentions(lab) == [None, 'post 2'], 'the text to be gone')
    assert mentions(lab, 'SELECT count(*) FROM mentions WHERE text IS NULL AND url IS NULL') == [1]
    assert mentions(lab, 'SELECT action FROM audit') == ['deleted']
    assert len(lab.posts) == 2


def passed_over(lab):
    with sqlite3.connect(os.path.join(lab.state, 'passed-over.db')) as db:
        return sorted(json.loads(row[0])['title'] for row in db.execute('SELECT item FROM passed_over'))


def recent(lab):
    address = re.search(r'http://127\.0\.0\.1:\d+/', [l for l in lab.log if 'run.ready' in l][-1]).group(0)
    return sorted(m['title'] for m in json.load(urllib.request.urlopen(address + 'mentions')))


def test_deletions_by_another_name_reach_all_that_is_kept(lab):
    connector(lab, TOKEN_PAGED.replace('      id = /id\n', '      id = /id\n      alias = /uri\n'))

    def said(n, text='Acme says'):
        return post(n, text=text, uri=f'tag:board,{n}')

    def gone(n):
        return {'id': f'tag:board,{n}', 'gone': True}
    posts = [said(1), said(2), said(3, 'the weather'), said(4, 'the weather'), said(5)]
    Network(lab, lambda asked: {'posts': posts} if asked.path == '/all' else None)
    configure(lab, '  - {connector: board.yaml, every: 1s}\n')
    lab.start()
    lab.wait(lambda: len(mentions(lab)) == 3 and len(recent(lab)) == 3, 'three mentions')
    lab.wait(lambda: passed_over(lab) == ['post 3', 'post 4'], 'two that no rule wants')
    posts = [gone(1), said(2), gone(3), said(4, 'the weather'), said(5)]
    lab.wait(lambda: mentions(lab) == [None, 'post 2', 'post 5'], 'the text to be gone')
    lab.wait(lambda: recent(lab) == ['post 2', 'post 5'], 'the list of the dashboard')
    lab.wait(lambda: passed_over(lab) == ['post 4'], 'what was passed over')
    # Another process knows the names as well, and what it starts with has nothing of the first.
    lab.kill()
    lab.wait(lambda: lab.redis_pid() is None, 'the orphaned redis-server to end')
    posts = [gone(2), gone(4), {'id': 'p5', 'gone': True}]
    lab.start()
    lab.wait(lambda: mentions(lab) == [None, None, None], 'all texts to be gone')
    lab.wait(lambda: passed_over(lab) == [], 'all that was passed over')
    assert recent(lab) == []
    assert mentions(lab, 'SELECT count(*) FROM mentions WHERE text IS NULL AND url IS NULL') == [3]
    assert len(lab.posts) == 3
    assert 'post 3' not in lab.vigie('explain', '-c', lab.config_path, 'https://board.example/p3', check=False).stdout


def test_a_missing_key_is_a_state_and_no_mistake(lab):
    connector(lab, """tier: 2
auth: key
needs_login: true
logins:
  key:
    about: a key
    needs: [key]
    add: |
      header.X-Key = %key
asks:
  search:
    map: posts
    request: |
      path = '/search'
      query.q = %query
""" + POSTS)
    net = Network(lab, lambda asked: {'posts': [post(1)]} if asked.path == '/search' else None)
    configure(lab, "  - {connector: board.yaml, search: brand, every: 1s, key: '${BOARD_KEY}'}\n")
    checked = lab.vigie('check', '-c', lab.config_path)
    assert 'no key: not asked until it has key' in checked.stderr and 'good' in checked.stdout
    lab.start()
    error = lab.wait(lambda: lab.status()['sources'][0]['error'], 'the state')
    assert 'no key' in error
    assert 'no key' in lab.vigie('status', '-c', lab.config_path).stdout
    assert not net.asked
    # It comes with a file, by a reload.
    key = os.path.join(lab.folder, 'key')
    with open(key, 'w', encoding='utf-8') as f:
        f.write('k3y\n')
    os.chmod(key, 0o600)
    configure(lab, f"  - {{connector: board.yaml, search: brand, every: 1s, key: {{file: '{key}'}}}}\n")
    lab.vigie('reload', '-c', lab.config_path)
    lab.wait(lambda: titles(lab) == ['post 1'], 'a post')
    assert net.asked[0].headers['x-key'] == 'k3y'


def test_first_contact_reads_what_is_old_silently(lab):
    connector(lab, TOKEN_PAGED)
    Network(lab, lambda asked: {'posts': [post(1, at=-7 * 86400), post(2, at=-60)]} if asked.path == '/all' else None)
    configure(lab, '  - {connector: board.yaml, every: 1s}\n', history='1h')
    lab.start()
    lab.wait(lambda: len(mentions(lab)) == 2, 'both in the archive')
    lab.settle(1)
    assert titles(lab) == ['post 2']


@pytest.mark.parametrize('line, said', [
    ('{connector: hackernew, search: brand}', 'unknown connector "hackernew": did you mean "hackernews"?'),
    ('{connector: telegram, chanel: x}', 'unknown key "chanel": did you mean "channel"?'),
    ('{connector: telegram}', 'telegram needs'),
    ('{connector: hackernews}', 'hackernews needs search'),
    ('{connector: hackernews, search: brand, ask: serch}', 'did you mean "search"?'),
    ('{connector: hackernews, search: brand, quota: many}', 'write a number and a time'),
    ('{connector: lemmy, search: brand}', 'lemmy needs base'),
])
def test_mistakes_are_named_with_their_place(lab, line, said):
    configure(lab, f'  - {line}\n')
    done = lab.vigie('check', '-c', lab.config_path, check=False)
    assert done.returncode == 2 and said in done.stderr, done.stderr
    place = done.stderr.split(' ')[0]
    assert place.startswith(f'{lab.config_path}:') and place.count(':') == 3


def test_no_way_in_is_said_with_the_detour(lab):
    configure(lab, '  - {connector: quora}\n')
    done = lab.vigie('check', '-c', lab.config_path)
    assert 'nothing can be read from Quora' in done.stderr and 'Instead:' in done.stderr


def test_one_request_shows_the_items_and_the_cost(lab):
    connector(lab, QUOTA.replace('    map: posts', '    map: posts\n    cost: 2', 1))
    net = Network(lab, lambda asked: {'posts': [post(1), {'id': 'p9', 'gone': True}]} if asked.path == '/search' else None)
    file = os.path.join(lab.folder, 'board.yaml')
    done = lab.vigie('sources', 'try', file, '--query', 'acme', '--base', lab.url(''), '--allow', '127.0.0.0/8')
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[0]['title'] == 'post 1' and lines[1] == {'tombstone': 'p9'}
    assert 'cost 2 of 6 in 3600 s' in done.stderr
    assert [a.query['q'] for a in net.asked] == ['acme']


PERSON = """tier: 3
auth: OAuth 2.0
needs_login: true
logins:
  person:
    about: a person's consent
    needs: [client_id]
    add: |
      header.Authorization = "Bearer {%access_token}"
    consent: |
      path = '/agree'
      query.client_id = %client_id
      query.redirect_uri = %redirect_uri
      query.state = %state
      query.code_challenge = %code_verifier | s256
      query.code_challenge_method = 'S256'
    token: |
      path = '/token'
      form.grant_type = 'authorization_code'
      form.code = %code
      form.redirect_uri = %redirect_uri
      form.code_verifier = %code_verifier
    refresh: |
      path = '/token'
      form.grant_type = 'refresh_token'
      form.refresh_token = %refresh_token
    answer: {access_token: /access_token, refresh_token: /refresh_token, expires_in: /expires_in}
asks:
  all:
    map: posts
    request: |
      path = '/all'
errors:
  - when: /status == 401
    is: auth
""" + POSTS


class Consent:
    """The network of PERSON: each refresh token is good once, each access token until `end()`."""

    def __init__(self, lab):
        self.lab, self.given, self.access, self.refresh, self.challenge = lab, 0, None, None, None
        self.refused = []  # refresh tokens that were used twice
        self.undurable = []  # access tokens that were used before they were in a file
        self.net = Network(lab, self.reply)

    def tokens(self):
        folder, found = os.path.join(self.lab.state, 'tokens'), ''
        for name in os.listdir(folder):
            try:
                found += open(os.path.join(folder, name), encoding='utf-8').read()
            except FileNotFoundError:  # renamed meanwhile
                pass
        return found

    def end(self):
        self.access = 'ended before its time'

    def reply(self, asked):
        if asked.path == '/token':
            if asked.form['grant_type'] == 'authorization_code':
                digest = hashlib.sha256(asked.form['code_verifier'].encode()).digest()
                assert base64.urlsafe_b64encode(digest).rstrip(b'=').decode() == self.challenge
                assert asked.form['code'] == 'c0de'
            elif asked.form['refresh_token'] != self.refresh:
                self.refused.append(asked.form['refresh_token'])
                return 400, {}, {'error': 'invalid_grant'}
            self.given += 1
            self.access, self.refresh = f'access-{self.given}', f'refresh-{self.given}'
            return {'access_token': self.access, 'refresh_token': self.refresh, 'expires_in': 3600}
        if asked.path == '/all':
            if asked.headers.get('authorization') != f'Bearer {self.access}':
                return 401, {}, {}
            if self.access not in self.tokens() or self.refresh not in self.tokens():
                self.undurable.append(self.access)
            return {'posts': [post(1)]}
        return None

    def agree(self):
        with subprocess.Popen([VIGIE, 'auth', 'board', '-c', self.lab.config_path], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True) as auth:
            try:
                address = auth.stdout.readline()
                query = dict(parse_qsl(urlsplit(address).query))
                self.challenge = query['code_challenge']
                assert query['client_id'] == 'app' and query['redirect_uri'].startswith('http://127.0.0.1:')
                with pytest.raises(urllib.error.HTTPError):  # somebody else's return
                    urllib.request.urlopen(query['redirect_uri'] + '?code=evil&state=guess')
                urllib.request.urlopen(f"{query['redirect_uri']}?code=c0de&state={query['state']}")
                assert auth.wait(20) == 0
            finally:
                auth.kill()


def test_a_person_agrees_once_and_the_refresh_token_is_rotated(lab):
    connector(lab, PERSON)
    network = Consent(lab)
    configure(lab, '  - {connector: board.yaml, every: 1s, client_id: app}\n')
    lab.start()
    lab.wait(lambda: 'vigie auth board' in (lab.status()['sources'][0]['error'] or ''), 'the state')
    network.agree()
    lab.wait(lambda: titles(lab) == ['post 1'], 'a post')
    network.end()
    lab.wait(lambda: len(network.net.at('/token')) == 2, 'a refresh')
    lab.wait(lambda: 'refresh-2' in network.tokens(), 'the new one')
    after = len(network.net.at('/all'))
    lab.wait(lambda: len(network.net.at('/all')) >= after + 2, 'reading to go on')
    assert not lab.status()['sources'][0]['error']
    assert not network.undurable and not network.refused


def test_one_request_uses_the_token_a_person_agreed_to(lab):
    connector(lab, PERSON)
    network = Consent(lab)
    configure(lab, '  - {connector: board.yaml, every: 1s, client_id: app}\n')

    def tried():
        done = lab.vigie('sources', 'try', 'board', '-c', lab.config_path)
        assert json.loads(done.stdout.splitlines()[0])['title'] == 'post 1'
    done = lab.vigie('sources', 'try', 'board', '-c', lab.config_path, check=False)
    assert done.returncode == 1 and 'vigie auth board' in done.stderr
    network.agree()
    tried()
    assert network.given == 1
    # It ends: another one is fetched and in its file before it is used.
    network.end()
    tried()
    assert network.given == 2 and 'refresh-2' in network.tokens()
    # A running daemon holds the token in its memory; neither takes the other's refresh token.
    lab.start()
    lab.wait(lambda: titles(lab) == ['post 1'], 'a post')
    for _ in range(3):
        network.end()
        tried()
    after = len(network.net.at('/all'))
    lab.wait(lambda: len(network.net.at('/all')) >= after + 3, 'the daemon to go on')
    assert not lab.status()['sources'][0]['error']
    assert not network.undurable and not network.refused, (network.undurable, network.refused)
    # Keys go to nobody but the network they are for.
    done = lab.vigie('sources', 'try', os.path.join(lab.folder, 'board.yaml'), '--base', 'http://127.0.0.2:1',
                     '-c', lab.config_path, check=False)
    assert done.returncode == 1 and 'no key' in done.stderr


def listed(lab):
    """The lines of `sources list` below its heading, by the source: its key and its state."""
    out = lab.vigie('sources', 'list', '-c', lab.config_path).stdout
    lines = out[out.index('\nsource '):].splitlines()[2:]
    return {line.split()[0]: line for line in lines}


def test_the_list_says_how_it_stands_with_keys_and_sources(lab):
    connector(lab, PERSON)
    connector(lab, """tier: 2
auth: key
needs_login: true
logins:
  key:
    about: a key
    needs: [key, app]
    add: |
      header.X-Key = %key
asks:
  all:
    map: posts
    request: |
      path = '/keyed'
""" + POSTS, name='club')
    connector(lab, TOKEN_PAGED.replace("'/all'", "'/open'"), name='plaza')
    network = Consent(lab)
    lab.network = lambda *asked: network.net.answer(*asked) if '/open' not in asked[1] else (404, {}, b'')
    assert '\nsource ' not in lab.vigie('sources', 'list').stdout
    configure(lab, """  - {connector: board.yaml, id: board, every: 1s, client_id: app}
  - {connector: club.yaml, id: club, every: 1s, key: '${CLUB_KEY}'}
  - {connector: plaza.yaml, id: plaza, every: 1s}
""")
    shown = listed(lab)
    assert 'no consent: run vigie auth board' in shown['board'] and "the daemon doesn't run" in shown['board']
    assert 'missing: key and app' in shown['club'] and 'none needed' in shown['plaza']
    network.agree()
    assert 'ok: token until 20' in listed(lab)['board']
    lab.start()
    lab.wait(lambda: 'ok, read 20' in listed(lab)['board'], 'the state of one')
    lab.wait(lambda: '404' in listed(lab)['plaza'] and 'no key' in listed(lab)['club'], 'those of the others')
    # The network takes the consent back: refreshing is refused.
    network.refresh = None
    network.end()
    lab.wait(lambda: 'consent ended: run vigie auth board' in listed(lab)['board'], 'the end of it')
    lab.wait(lambda: listed(lab)['board'].count('vigie auth board') == 2, 'the daemon to say so too')
    by_network = {}
    for line in lab.vigie('sources', 'list', '--json', '-c', lab.config_path).stdout.splitlines():
        one = json.loads(line)
        by_network[one['network']] = one['sources']
    assert by_network['hackernews'] == [] and [s['key'] for s in by_network['board']] == ['consent ended']
    assert by_network['club'][0]['why'] == 'key and app' and by_network['plaza'][0]['error']
