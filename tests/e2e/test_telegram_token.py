"""Telegram has the bot's token in the path of each address, of what is sent and of what is read: nobody is shown it, or
the half of it, whatever Telegram, or who stands in for it, does and says.
"""
import json
import urllib.request

from lab import item

BOT, READER = '7012345678:CANARYbotAAHdqTcvCH1vGWJxfSeofSAs0K5PA', '7034567891:CANARYreaderAHdqTcvCH1vGWJxfSeofSAs0'
CONFIG = """
rules: [{id: acme, query: acme}]
sources:
  - {id: feed, url: '@BASE@/feed/a', every: 1s}
@SOURCES@receivers:
@RECEIVERS@routes: {receiver: [@NAMES@], group_by: [mention]}
"""


def echo(status, more=None, before='', after=''):
    """Says back what it was asked; before: so much that a receiver's reason ends within the token."""
    return lambda path: (status, dict(more or {}), (before + path + after).encode())


# What the other side does with a request for a path.
TROUBLES = {
    'busy': echo(503), 'unknown': echo(404), 'refused': echo(401, before='{"ok":false,"description":"', after='"}'),
    'moved': lambda path: (301, {'Location': path.replace('/moved/', '/home/')}, b''), 'wide': echo(302, {'Location': 'https://evil.example/'}),
    'reset': lambda path: ('reset', {}, b''), 'half': lambda path: ('half', {}, b''), 'hung': lambda path: None,
    'strange': echo(200), 'gone': echo(410),
}
# The reason keeps 160 bytes: of the token are so many left.
CUTS = {f'cut{left}': echo(404, before='x' * (160 - left - len(f'/hook/cut{left}/bot'))) for left in (4, 9, 20)}


def test_the_token_in_the_path_is_never_seen(lab, monkeypatch):
    monkeypatch.setenv('BOT', BOT)
    monkeypatch.setenv('READER', READER)
    receivers, sources = {**TROUBLES, **CUTS}, {**TROUBLES}
    for name, answer in receivers.items():
        lab.hook_answers[name] = lambda post, answer=answer: answer(post.path)
    asked = {name: [] for name in sources}

    def network(_method, target, _headers, _body):
        name = target.split('/')[2] if target.startswith('/bots/') else None
        if name == 'home':
            return 200, {'Content-Type': 'application/json'}, b'{"ok":true,"result":[]}'
        if not name:
            return None
        asked[name].append(target)
        return sources[name](target) or (503, {}, b'')
    lab.network = network
    names = [*receivers, 'nobody', 'untrusted']
    bases = {n: f'@BASE@/hook/{n}' for n in receivers}
    bases.update({'nobody': 'http://127.0.0.1:1', 'untrusted': lab.url('').replace('http:', 'https:')})
    lines = ''.join(f"  - {{id: {n}, timeout: 1s, telegram: {{token: '${{BOT}}', chat: '7', url: '{bases[n]}'}}}}\n" for n in names)
    # With a token each: the same one would be one account, and pause as one.
    reading = ''.join(f"  - {{id: read-{n}, connector: telegram, ask: updates, bot_token: '${{READER}}{n}', base: '@BASE@/bots/{n}', every: 1s}}\n"
                      for n in sources)
    reading += "  - {id: read-nobody, connector: telegram, ask: updates, bot_token: '${READER}nobody', base: 'http://127.0.0.1:1', every: 1s}\n"
    lab.config(CONFIG.replace('@NAMES@', ', '.join(names)).replace('@RECEIVERS@', lines).replace('@SOURCES@', reading))
    lab.feed('a', [item(1, 'Acme one')])
    lab.start('--verbose')
    seen = []

    def run(*args):
        done = lab.vigie(*args, check=False)
        seen.append(done.stdout + done.stderr)
        return done
    lab.wait(lambda: {p.name for p in lab.posts} >= set(receivers), 'all receivers to be tried', 60)
    lab.wait(lambda: all(any(f' receiver={n} ' in l and 'post.' in l for l in lab.log) for n in names), 'all receivers to fail')
    lab.wait(lambda: all(asked.values()), 'all sources to be asked')
    lab.wait(lambda: sum(bool(s['error']) for s in lab.status()['sources']) >= len(sources) - 1, 'sources to fail')
    lab.wait(lambda: len(asked['moved']) > 1, 'one that moves')
    assert all(BOT in p.path or BOT.replace(':', '%3A') in p.path for p in lab.posts)
    assert all(READER in t or READER.replace(':', '%3A') in t for ts in asked.values() for t in ts)
    listed = json.loads(run('deliveries', '-c', lab.config_path, '--json').stdout)['deliveries']
    assert len(listed) >= len(names)
    for one in listed:
        run('deliveries', 'show', one['id'], '-c', lab.config_path)
    for name in ('unknown', 'cut20', 'moved', 'nobody'):
        assert 'Answer' in run('notify', 'test', name, '-c', lab.config_path).stdout
    for command in (['status'], ['status', '--json'], ['check'], ['check', '--expand'], ['deliveries']):
        assert run(*command, '-c', lab.config_path).stdout, command
    address = next(l for l in lab.log if 'run.ready' in l).split('http=')[1].split()[0].strip('"')
    for path in ('status', 'metrics', 'mentions', 'healthz'):
        with urllib.request.urlopen(address + path) as answer:
            seen.append(answer.read().decode())
    lab.stop()
    seen += lab.log
    for secret in (BOT, READER):
        # Halves too: what stands before the colon says whose it is and may be seen, not what is behind it.
        parts = [secret[:8], secret.split(':')[1][:9]]
        leaks = [text for text in seen for part in parts if part in text]
        assert not leaks, [leak[max(0, leak.find(part) - 300):][:600] for leak in leaks[:3] for part in parts]
