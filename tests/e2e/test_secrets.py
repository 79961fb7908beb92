"""No secret of the configuration is ever seen: not in the log, the status, a delivery, an error, a
process list, or the HTTP API. Each one planted here holds the word CANARY."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request

import lab as lab_module
import pytest
from lab import Lab, item

PLANTED = {
    'SLACK_PATH': 'T0/B0/CANARYslack', 'HOOK_QUERY': 'CANARYquery', 'HOOK_KEY': 'whsec_Q0FOQVJZQ0FOQVJZQ0FOQVJZQ0FOQVJZ',
    'BEARER': 'Bearer CANARY"bearer', 'OLD': 'CANARYold', 'TELEGRAM': '12:CANARYtelegram', 'MATRIX': 'CANARYmatrix', 'PAGER': 'CANARYpager',
    'NTFY': 'CANARYntfy', 'AM': 'CANARYam', 'SMTP_PASSWORD': 'CANARYsmtp', 'FEED_LOGIN': 'CANARYfeeduser:CANARYfeedpass',
    'FEED_TOKEN': 'CANARYfeedtoken', 'HEADER': 'CANARYheader',
}
CONFIG = """
rules: [{id: acme, query: acme}]
sources:
  - {id: a, url: '@BASE@/feed/a', every: 1s, headers: {X-Token: '${HEADER}'}}
  - {id: locked, url: 'http://${FEED_LOGIN}@127.0.0.1:@PORT@/feed/none?token=${FEED_TOKEN}', every: 1s}
  - {id: nobody, url: 'http://${FEED_LOGIN}@127.0.0.1:1/feed?token=${FEED_TOKEN}', every: 1s}
receivers:
  - {id: chat, slack: {url: '@BASE@/hook/chat/${SLACK_PATH}'}}
  - {id: machine, webhook: {url: '@BASE@/hook/machine?key=${HOOK_QUERY}', secret: '${HOOK_KEY}', old_secret: '${OLD}', authorization: '${BEARER}'}}
  - {id: gone, webhook: {url: '@BASE@/hook/gone?key=${HOOK_QUERY}', authorization: '${BEARER}'}}
  - {id: nobody, webhook: {url: 'http://127.0.0.1:1/${SLACK_PATH}?key=${HOOK_QUERY}', secret: '${HOOK_KEY}'}}
  - {id: phone, telegram: {token: '${TELEGRAM}', chat: '7', url: '@BASE@/hook'}}
  - {id: room, matrix: {url: '@BASE@/hook/room', token: '${MATRIX}', room: '!a:b.example'}}
  - {id: pager, pagerduty: {routing_key: '${PAGER}', url: '@BASE@/hook/pager'}}
  - {id: push, ntfy: {topic: t, token: '${NTFY}', url: '@BASE@/hook/push'}}
  - {id: manager, alertmanager: {url: '@BASE@/hook/manager', authorization: '${AM}'}}
  - {id: mail, email: {to: [a@brand.example], from: vigie@brand.example, user: u, password: '${SMTP_PASSWORD}', smtp: 'smtp://127.0.0.1:@SMTP@'}}
routes: {receiver: [chat, machine, gone, nobody, phone, room, pager, push, manager, mail], group_by: [mention]}
"""


def echo(status):
    """A platform that says back all it was told, in one line."""
    def answer(post):
        words = [post.path, post.headers.get('authorization', ''), post.headers.get('webhook-signature', ''), post.text[:60],
                 post.text[-60:]]
        return status, {'Content-Type': 'text/plain'}, ' '.join(w[-60:] for w in words).encode()
    return answer


def test_no_secret_is_ever_seen(lab, monkeypatch):
    for name, value in PLANTED.items():
        monkeypatch.setenv(name, value)
    lab.mail_server(authenticator=lambda *_: None, auth_required=True, auth_require_tls=False)
    lab.feed('a', [item(1, 'Acme one')])
    names = ['chat', 'machine', 'room', 'pager', 'push', 'manager', 'bot12:CANARYtelegram', 'bot12%3ACANARYtelegram']
    for k, name in enumerate(names):
        lab.hook_answers[name] = echo([400, 403, 404, 500][k % 4])
    lab.hook_answers['gone'] = echo(410)
    lab.config(CONFIG.replace('@PORT@', str(lab.port)))
    lab.start('--verbose')
    seen = []

    def run(*args):
        done = lab.vigie(*args, check=False)
        seen.append(done.stdout + done.stderr)
        return done
    lab.wait(lambda: {p.name for p in lab.posts} >= {'chat', 'machine', 'gone', 'room', 'pager', 'push', 'manager'}, 'all receivers to be tried')
    lab.wait(lambda: any('receiver=nobody' in l for l in lab.log) and any('receiver=mail' in l for l in lab.log), 'the others to fail')
    assert any('CANARY' in p.path + p.text + str(p.headers) for p in lab.posts)
    listed = json.loads(run('deliveries', '-c', lab.config_path, '--json').stdout)
    run('deliveries', '-c', lab.config_path)
    assert len(listed['deliveries']) >= 10
    for one in listed['deliveries']:
        run('deliveries', 'show', one['id'], '-c', lab.config_path, '--json')
        run('deliveries', 'show', one['id'], '-c', lab.config_path)
    run('status', '-c', lab.config_path)
    status = run('status', '-c', lab.config_path, '--json')
    assert len(json.loads(status.stdout)['sources']) == 3
    run('check', '-c', lab.config_path)
    assert '****' in run('check', '-c', lab.config_path, '--expand').stdout
    address = next(l for l in lab.log if 'run.ready' in l).split('http=')[1].split()[0].strip('"')
    for path in ('status', 'metrics', 'mentions', 'healthz'):
        with urllib.request.urlopen(address + path) as answer:
            seen.append(answer.read().decode())
    seen.append(open(f'/proc/{lab.child.pid}/cmdline', encoding='utf-8').read())
    seen.append(open(f'/proc/{lab.redis_pid()}/cmdline', encoding='utf-8').read())
    # Wrong ones: the mistakes name the field, not the value.
    lab.config(CONFIG.replace('@PORT@', str(lab.port)).replace("'@BASE@/hook/chat", "'gopher://${BEARER}@x/hook/chat").replace('chat: ', 'chta: '))
    wrong = run('check', '-c', lab.config_path)
    assert wrong.returncode == 2 and wrong.stderr.count('\n') >= 2
    run('reload', '--state', lab.state)
    lab.stop()
    seen += lab.log
    leaks = [text for text in seen if 'CANARY' in text or 'Q0FOQVJZ' in text]
    assert not leaks, leaks[:5]


def test_the_password_of_redis_is_never_seen(lab, monkeypatch):
    """Redis away, and one that says no to the password: neither log, status nor check repeats it."""
    monkeypatch.setenv('REDIS_URL', 'redis://watcher:CANARYredis@127.0.0.1:1/0')
    lab.config("redis: '${REDIS_URL}'\nrules: [{id: acme, query: acme}]\nsources: [{id: a, url: '@BASE@/feed/a'}]\nreceivers: []\n")
    seen = []
    lab.start('--verbose', wait=False)
    lab.wait_log('redis.down')
    for command in (['status'], ['status', '--json'], ['check'], ['check', '--expand'], ['deliveries']):
        done = lab.vigie(*command, '-c', lab.config_path, check=False)
        seen.append(done.stdout + done.stderr)
    assert '127.0.0.1:1' in ''.join(seen)
    lab.stop()
    seen += lab.log
    assert not [text for text in seen if 'CANARY' in text]


def test_no_core_is_dumped_and_nobody_looks_in(monkeypatch):
    """The kernel gives the files of a process that may not be dumped to root (proc(5)), and lets no process of the
    same user attach to it. Where the tests are root's, the daemon is somebody else's, or nothing would be seen of it."""
    with tempfile.TemporaryDirectory() as folder, Lab(folder) as lab:
        user, somebody = os.geteuid(), {}
        if user == 0:
            user, somebody = 65534, {'user': 65534, 'group': 65534, 'extra_groups': []}
            monkeypatch.setattr(lab_module, 'VIGIE', shutil.copy(lab_module.VIGIE, folder))
            os.chown(folder, user, user)
        lab.config("rules: [{id: acme, query: acme}]\nsources: [{id: a, url: '@BASE@/feed/a'}]\nreceivers: []\n")
        lab.start(**somebody)
        proc = f'/proc/{lab.child.pid}'
        with open(proc + '/limits', encoding='ascii') as f:
            line, = [l for l in f if l.startswith('Max core file size')]
        assert line.split()[4:6] == ['0', '0']
        other = subprocess.Popen([sys.executable, '-c', 'print(flush=True); input()'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **somebody)
        other.stdout.readline()
        assert os.stat(f'/proc/{other.pid}/environ').st_uid == user
        other.communicate(b'\n')
        assert os.stat(proc + '/environ').st_uid == os.stat(proc + '/mem').st_uid == 0
        if os.geteuid() != 0:
            with pytest.raises(PermissionError):
                open(proc + '/mem', 'rb').close()
