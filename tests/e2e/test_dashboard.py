"""The dashboard, in a real browser."""
import os
import re
import shutil
import subprocess
import urllib.error
import urllib.request

import pytest

from lab import item

CONFIG = """
rules:
  - {id: acme, kind: brand, brand: Acme, query: acme}
sources:
  - {id: paper, url: '@BASE@/feed/paper', every: 1s}
  - {id: broken, url: '@BASE@/feed/none', every: 1s}
receivers: []
"""
CHROMIUM = ['chromium', '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
            '--disable-background-networking', '--disable-component-update', '--disable-sync', '--hide-scrollbars']


def dashboard(lab):
    lab.feed('paper', [item(1, 'Acme <img src=x onerror=document.title=1> & co', 'All about <script>Acme</script>.', author='Ann Example')])
    lab.config(CONFIG)
    lab.start()
    address = re.search(r'http://127\.0\.0\.1:\d+/', lab.wait_log('run.ready')).group(0)
    lab.wait(lambda: b'Acme' in urllib.request.urlopen(address + 'mentions').read(), 'a mention')
    lab.wait(lambda: any(s['error'] for s in lab.status()['sources']), 'the broken source')
    return address


@pytest.mark.skipif(not shutil.which('chromium'), reason='chromium is not installed')
def test_a_browser_shows_mentions_as_text_and_sources_with_their_errors(lab, tmp_path):
    address = dashboard(lab)
    done = subprocess.run(CHROMIUM + [f'--user-data-dir={tmp_path}/profile', '--lang=fr', '--virtual-time-budget=4000', '--dump-dom', address],
                          capture_output=True, text=True, timeout=90)
    page = done.stdout
    assert 'onerror=document.title' in page and '<img src=x' not in page and '&lt;img src=x' in page
    assert '<mark>Acme</mark>' in page
    assert 'broken' in page and '404' in page
    assert '<title>vigie</title>' in page


def test_the_page_cannot_be_framed_or_changed_from_outside(lab):
    address = dashboard(lab)
    answer = urllib.request.urlopen(address)
    policy = answer.headers['Content-Security-Policy']
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
    assert answer.headers['X-Content-Type-Options'] == 'nosniff'
    for path, data, host in (('reload', b'', None), ('deliveries', None, None), ('status', None, 'evil.example')):
        request = urllib.request.Request(address + path, data=data, headers={'Host': host} if host else {})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request)
        assert refused.value.code in (404, 421)
    metrics = urllib.request.urlopen(address + 'metrics').read().decode()
    assert 'vigie_redis_up 1' in metrics and 'vigie_sources 2' in metrics
    assert urllib.request.urlopen(address + 'healthz').read() == b'ok\n'
