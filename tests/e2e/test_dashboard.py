"""The dashboard, in a real browser."""
import re
import urllib.error
import urllib.request

import pytest

from browser import Browser
from lab import item

CONFIG = """
rules:
  - {id: acme, kind: brand, brand: Acme, query: acme}
sources:
  - {id: paper, url: '@BASE@/feed/paper', every: 1s}
  - {id: broken, url: '@BASE@/feed/none', every: 1s}
receivers: []
"""
def dashboard(lab):
    lab.feed('paper', [item(1, 'Acme <img src=x onerror=document.title=1> & co', 'All about <script>Acme</script>.', author='Ann Example')])
    lab.config(CONFIG)
    lab.start()
    address = re.search(r'http://127\.0\.0\.1:\d+/', lab.wait_log('run.ready')).group(0)
    lab.wait(lambda: b'Acme' in urllib.request.urlopen(address + 'mentions').read(), 'a mention')
    lab.wait(lambda: any(s['error'] for s in lab.status()['sources']), 'the broken source')
    return address


def test_a_browser_shows_mentions_as_text_and_sources_with_their_errors(lab, tmp_path):
    address = dashboard(lab)
    with Browser(tmp_path, lang='fr') as browser:
        browser.open(address)
        browser.wait('return document.querySelectorAll("#mentions li").length > 0 && document.body.innerText.includes("404")')
        assert browser.run('return document.querySelector("#mentions h3").textContent') == \
            'Acme <img src=x onerror=document.title=1> & co'
        assert browser.run('return document.querySelectorAll("#mentions img, #mentions script").length') == 0
        assert browser.run('return document.querySelector("#mentions mark").textContent') == 'Acme'
        assert browser.run('return document.title') == 'vigie'
        text = browser.run('return document.body.innerText')
        assert 'Dernières mentions' in text and 'Ann Example' in text and 'broken' in text
        # Nothing runs over the edge of a narrow screen.
        browser.picture(tmp_path / 'narrow.png', 360, 800)
        assert browser.run('return document.documentElement.scrollWidth <= window.innerWidth')


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
    followed = urllib.request.urlopen(address + 'mentions/0123456789abcdef0123456789abcdef')
    assert followed.geturl() == address, 'the link of an alert leads to the page'
    metrics = urllib.request.urlopen(address + 'metrics').read().decode()
    assert 'vigie_redis_up 1' in metrics and 'vigie_sources 2' in metrics
    assert urllib.request.urlopen(address + 'healthz').read() == b'ok\n'
