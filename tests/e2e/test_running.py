"""Running it: reload, status, what is wrong said in one sentence."""
import os
import signal
import socket
import subprocess

import pytest

from lab import VIGIE, item

BASIC = """
rules:
  - {id: acme, query: acme}
sources:
  - {id: paper, url: '@BASE@/feed/paper', every: 1s}
receivers:
  - {id: hook, webhook: {url: '@BASE@/hook/hook', secret: 'whsec_YSBzZWNyZXQgb2YgdGhlIGxhYiwgMzIgYnl0ZXMgb2s='}}
routes: {receiver: hook, group_by: [mention]}
"""


def test_reload_swaps_rules_and_a_bad_file_changes_nothing(lab):
    feed = lab.feed('paper', [item(1, 'Acme one')])
    lab.config(BASIC)
    lab.start()
    lab.wait_hook(lambda p: 'Acme one' in p.text)

    lab.config(BASIC.replace('query: acme', "query: '(acme'").replace('every: 1s', 'evry: 1s'))
    bad = lab.vigie('reload', '-c', lab.config_path, check=False)
    assert bad.returncode == 2
    assert 'E_SYNTAX' in bad.stderr and 'did you mean' in bad.stderr and 'vigie.yaml:' in bad.stderr
    lab.feed('paper', [item(1, 'Acme one'), item(2, 'Acme two')])
    lab.wait_hook(lambda p: 'Acme two' in p.text)

    lab.config(BASIC.replace('query: acme', 'query: globex'))
    lab.child.send_signal(signal.SIGHUP)
    lab.wait_log('run.reloaded')
    lab.feed('paper', [item(3, 'Acme three'), item(4, 'Globex four')])
    lab.wait_hook(lambda p: 'Globex four' in p.text)
    assert not any('Acme three' in p.text for p in lab.settle(3))


def test_status_shows_each_source_with_its_last_error(lab):
    lab.feed('paper', [item(1, 'Acme one')])
    lab.config(BASIC.replace("sources:", "sources:\n  - {id: gone, url: '@BASE@/feed/none', every: 1s}"))
    lab.start()
    lab.wait_hook()
    sources = lab.wait(lambda: {s['id']: s for s in lab.status()['sources'] if s['id'] != 'gone' or s['error']}
                       if len(lab.status()['sources']) == 2 else None, 'an error')
    sources = lab.wait(lambda: next((x for x in [{s['id']: s for s in lab.status()['sources']}] if x['gone']['error']), None), 'the error')
    assert '404' in sources['gone']['error'] and not sources['paper']['error']
    text = lab.vigie('status', '-c', lab.config_path).stdout
    assert 'gone' in text and '404' in text


def test_a_second_daemon_on_one_folder_is_refused(lab):
    lab.feed('paper', [])
    lab.config(BASIC)
    lab.start()
    second = lab.vigie('run', '-c', lab.config_path, check=False)
    assert second.returncode == 1 and 'another vigie' in second.stderr


def test_a_taken_port_is_named(lab):
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        port = taken.getsockname()[1]
        lab.config(f'state: {lab.state}\nhttp: {{listen: "127.0.0.1:{port}"}}\n' + BASIC)
        done = lab.vigie('run', '-c', lab.config_path, check=False)
    assert done.returncode == 1 and f'127.0.0.1:{port}' in done.stderr


def test_an_unwritable_state_folder_is_named(lab):
    path = os.path.join(lab.folder, 'a-file')
    open(path, 'w').close()
    lab.config(f'state: {path}/below\nhttp: {{listen: "127.0.0.1:0"}}\n' + BASIC)
    done = lab.vigie('run', '-c', lab.config_path, check=False)
    assert done.returncode == 1 and f'{path}/below' in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason='a mount namespace, to take redis-server away, needs root')
def test_a_missing_redis_server_is_named(lab):
    lab.config(BASIC)
    empty = os.path.join(lab.folder, 'empty')
    os.mkdir(empty)
    hidden = [path for folder in os.environ['PATH'].split(':') + ['/usr/bin', '/usr/sbin', '/usr/local/bin']
              for path in [os.path.join(folder, 'redis-server')] if os.path.exists(path)]
    mounts = ' && '.join(f'mount --bind {empty}/none {path}' for path in set(map(os.path.realpath, hidden)))
    open(os.path.join(empty, 'none'), 'w').close()
    done = subprocess.run(['unshare', '-m', 'sh', '-c', f'{mounts} && exec {VIGIE} run -c {lab.config_path}'],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and 'redis-server' in done.stderr and 'apt' in done.stderr, done.stderr


def test_discover_fetches_a_page_and_minds_the_guard(lab):
    from lab import Path
    lab.paths['/page'] = Path(b'<html><head><link rel="alternate" type="application/rss+xml" title="News" href="feed/a"></head></html>',
                              headers={'Content-Type': 'text/html', 'Link': '</feed/b>; rel="alternate"; type="application/atom+xml"'})
    refused = lab.vigie('discover', lab.url('/page'), check=False)
    assert refused.returncode == 1 and '127.0.0.1' in refused.stderr
    found = lab.vigie('discover', '--allow', '127.0.0.0/8', lab.url('/page')).stdout
    assert lab.url('/feed/a') in found and lab.url('/feed/b') in found and 'News' in found
