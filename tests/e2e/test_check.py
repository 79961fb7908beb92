"""vigie check: every mistake at once, with its place and its remedy; and whether a Redis can be trusted."""
import os
import re
import shutil
import signal
import subprocess

import pytest

WRONG = """\
brands:
  - name: Acme
    query: '(acme'
  - nme: Globex
rules:
  - {id: a, query: 'x NEAR y'}
  - {id: b, query: 'fine'}
  - {id: b, query: 'fine too'}
sources:
  - {id: one, url: 'ftp://example.org/feed'}
  - {id: two, url: 'https://example.org/feed', evry: 5m}
receivers:
  - {id: team, slak: {url: 'https://hooks.example/'}}
routes: {receiver: nobody}
crawl: {history: soon}
notify: {slack: '${VIGIE_TEST_UNSET}'}
"""


def test_every_mistake_of_a_file_at_once(lab):
    with open(lab.config_path, 'w', encoding='utf-8') as f:
        f.write(WRONG)
    done = lab.vigie('check', '-c', lab.config_path, check=False)
    assert done.returncode == 2 and done.stdout == ''
    lines = done.stderr.splitlines()
    assert all(re.match(r'.*vigie\.yaml:\d+:\d+: .+', line) for line in lines), done.stderr
    for place, what in ((3, 'E_SYNTAX'), (4, '"name"'), (6, 'E_NEAR'), (8, 'b'), (10, 'ftp'), (11, 'did you mean "every"'),
                        (13, 'did you mean "slack"'), (14, 'nobody'), (15, 'soon'), (16, 'VIGIE_TEST_UNSET')):
        assert any(f'vigie.yaml:{place}:' in line and what in line for line in lines), (place, what, done.stderr)


def test_the_long_form_means_the_same_and_hides_secrets(lab):
    with open(lab.config_path, 'w', encoding='utf-8') as f:
        f.write("brands:\n  - name: Air France\n    competitors: [Lufthansa]\nsources: [https://example.org/feed]\n"
                "notify:\n  slack: https://hooks.example/services/T0/B0/verysecret\n")
    long = lab.vigie('check', '--expand', '-c', lab.config_path).stdout
    assert 'verysecret' not in long and 'AirFrance' in long and 'competitor' in long
    again = os.path.join(lab.folder, 'long.yaml')
    with open(again, 'w', encoding='utf-8') as f:
        f.write(long.replace("'****'", 'https://hooks.example/x').replace('****', 'https://hooks.example/x'))
    assert '2 rules' in lab.vigie('check', '-c', again).stdout


@pytest.fixture
def redis(tmp_path):
    started = []

    def start(*options):
        path = str(tmp_path / 'r.sock')
        child = subprocess.Popen([shutil.which('redis-server'), '--port', '0', '--unixsocket', path, '--dir', str(tmp_path), *options],
                                 stdout=subprocess.PIPE, text=True)
        started.append(child)
        for line in child.stdout:
            if 'ready to accept' in line.lower():
                return path
        raise AssertionError('redis-server did not start')
    yield start
    for child in started:
        child.send_signal(signal.SIGTERM)
        child.wait()


def check(lab, redis):
    with open(lab.config_path, 'w', encoding='utf-8') as f:
        f.write(f"state: {lab.state}\nredis: '{redis}'\nrules: [{{id: a, query: acme}}]\nsources: []\n")
    return lab.vigie('check', '-c', lab.config_path, check=False)


def test_a_redis_that_forgets_is_named(lab, redis):
    done = check(lab, 'unix:' + redis('--save', '', '--appendonly', 'no', '--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'))
    assert done.returncode == 1
    assert 'appendonly' in done.stderr and 'noeviction' in done.stderr


def test_a_redis_that_keeps_is_good(lab, redis):
    done = check(lab, 'unix:' + redis('--appendonly', 'yes'))
    assert done.returncode == 0 and 'good' in done.stdout, done.stderr


def test_a_redis_that_is_not_there_and_one_over_tls_are_named(lab):
    done = check(lab, f'unix:{lab.folder}/none.sock')
    assert done.returncode == 1 and 'none.sock' in done.stderr
    done = check(lab, 'rediss://example.org')
    assert done.returncode == 2 and 'TLS' in done.stderr and 'stunnel' in done.stderr
