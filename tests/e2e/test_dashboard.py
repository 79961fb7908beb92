"""The dashboard, in a real browser."""
import json
import re
import socket
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
    metrics = urllib.request.urlopen(address + 'metrics').read().decode()
    assert 'vigie_redis_up 1' in metrics and 'vigie_sources 2' in metrics
    assert urllib.request.urlopen(address + 'healthz').read() == b'ok\n'


ALERTED = """
http: {listen: "127.0.0.1:@FREE@", public_url: "http://127.0.0.1:@FREE@"}
rules:
  - {id: acme, kind: brand, brand: Acme, query: acme, weight: 1.5}
  - {id: leak, kind: topic, query: 'leak* NOT tank', weight: 2}
sources:
  - {id: paper, url: '@BASE@/feed/paper', every: 1s}
receivers: [{id: hook, webhook: {url: '@BASE@/hook/hook'}}, {id: chat, slack: {url: '@BASE@/hook/chat'}}]
routes: {receiver: [hook, chat], group_by: [mention]}
"""


def test_the_link_of_an_alert_leads_to_its_mention(lab, tmp_path):
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        port = str(s.getsockname()[1])
    lab.feed('paper', [item(1, 'Acme <b>leaks</b>', 'A leak <script>document.title = 1</script> at Acme, says l\u2019ACME. \U0001f600 acme!', author='Ann Example')])
    lab.config(f'state: {lab.state}\n' + ALERTED.replace('@FREE@', port))
    lab.start()
    chat = lab.wait_hook(lambda p: p.name == 'chat').text
    link = re.search(r'http://127\.0\.0\.1:' + port + r'/mentions/[0-9a-f]{32}', chat).group(0)
    key = lab.wait_hook(lambda p: p.name == 'hook').json['data']['id']
    assert link.endswith(key)

    def told():
        return {o['receiver']: o for o in json.loads(urllib.request.urlopen(link + '.json').read())['told']}
    lab.wait(lambda: {r: o['outcome'] for r, o in told().items()} == {'hook': 'sent', 'chat': 'sent'}, 'the ledger')
    with Browser(tmp_path, lang='fr') as browser:
        browser.open(link)
        browser.wait('return document.querySelectorAll("#told tr").length == 2')
        assert browser.run('return document.querySelector("#title").textContent') == 'Acme <b>leaks</b>'
        assert browser.run('return [...document.querySelectorAll("#text mark")].map(m => m.textContent).join()') == 'leak,Acme,ACME,acme'
        assert browser.run('return document.querySelectorAll("#mention script, #mention b, #mention img").length') == 0
        text = browser.run('return document.body.innerText')
        for words in ('Pourquoi elle est là', 'acme', 'brand · Acme', 'titre 0–4 « Acme »', 'Score 3,5 = acme 1,5 + leak 2',
                      'Aucune copie', 'hook', 'chat', 'prévenu', 'par Ann Example'):
            assert words in text, (words, text)
        assert browser.run('return document.title') == 'Acme <b>leaks</b> · vigie'
        browser.picture(tmp_path / 'narrow.png', 360, 800)
        assert browser.run('return document.documentElement.scrollWidth <= window.innerWidth')
        browser.open(link[:-4] + '0000')
        browser.wait('return document.body.innerText.includes("pas dans les archives")')
    for path, status in (('0' * 32 + '.json', 404), ('0' * 31, 404), ('x', 404), ('0' * 32 + '.json.json', 404)):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(link[:-32] + path)
        assert refused.value.code == status
