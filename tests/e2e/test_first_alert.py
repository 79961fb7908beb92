"""From a public feed to a message in Slack, a signed web hook and an e-mail: the main job."""
import base64
import csv
import hashlib
import hmac
import io
import json

from lab import item

SECRET = base64.b64encode(b'a secret of the lab, 32 bytes ok').decode()

EVERYTHING = f"""
rules:
  - {{id: acme, kind: brand, brand: Acme, query: 'acme NOT recipe', tags: [ours]}}
  - {{id: tickets, kind: topic, regex: 'AC-\\d{{4}}'}}
  - {{id: globex, kind: competitor, brand: Globex, query: 'globex'}}
sources:
  - {{id: paper, url: '@BASE@/feed/paper', every: 1s, tags: [press]}}
receivers:
  - {{id: team, slack: {{url: '@BASE@/hook/slack'}}}}
  - {{id: machine, webhook: {{url: '@BASE@/hook/machine', secret: 'whsec_{SECRET}'}}}}
  - {{id: boss, lang: fr, email: {{to: [boss@brand.example, deputy@brand.example], from: vigie@brand.example, smtp: 'smtp://127.0.0.1:@SMTP@'}}}}
routes:
  receiver: [team, machine]
  group_by: [mention]
  routes:
    - {{match: {{kind: competitor}}, receiver: boss}}
"""


def test_each_channel_gets_its_message(lab):
    lab.mail_server()
    lab.feed('paper', [
        item(1, 'Acme <!channel> & "friends" open', 'Yesterday Acme opened. Ticket AC-1234 says *so*.', author='Ann Example',
             url='https://paper.example/1?a=1&b=2'),
        item(2, 'A recipe with acme', 'nothing'),
        item(3, 'Weather', 'rain'),
        item(4, 'Globex répond', 'Le concurrent Globex baisse ses prix.'),
    ])
    lab.config(EVERYTHING)
    lab.start()

    slack = lab.wait_hook(lambda p: p.name == 'slack').json
    whole = json.dumps(slack, ensure_ascii=False)
    assert '<!channel>' not in whole and '&lt;!channel&gt;' in whole
    assert 'Ann Example' in whole and 'paper' in whole and 'acme' in whole and 'tickets' in whole
    assert 'https://paper.example/1?a=1&amp;b=2' in whole
    assert slack['text'] and len(slack['blocks']) <= 50

    post = lab.wait_hook(lambda p: p.name == 'machine')
    signed = f"{post.headers['webhook-id']}.{post.headers['webhook-timestamp']}.".encode() + post.body
    expected = base64.b64encode(hmac.new(base64.b64decode(SECRET), signed, hashlib.sha256).digest()).decode()
    assert f'v1,{expected}' in post.headers['webhook-signature'].split(' ')
    # The offsets cut the very words out of the fields the message carries.
    data = post.json['data']
    fields = {'title': data['item']['title'], 'text': data['item']['text'], 'author': data['item']['author']}
    spans = data['matches']
    assert spans and all(fields[s['field']][s['start']:s['end']] == s['text'] for s in spans)
    assert data['score']['total'] == sum(term['weight'] for term in data['score']['terms'])
    assert {'Acme', 'AC-1234'} == {s['text'] for s in spans}

    mail = lab.wait_mail().message
    assert mail['Auto-Submitted'] == 'auto-generated' and mail['Message-ID'] and mail['List-Id']
    plain, html = mail.get_body(('plain',)).get_content(), mail.get_body(('html',)).get_content()
    assert '*Globex* répond' in plain and 'Globex' in html and '<script' not in html

    lab.settle(2)
    assert len([p for p in lab.posts if p.name == 'slack']) == 1
    assert len([p for p in lab.posts if p.name == 'machine']) == 1


def test_each_item_is_told_once_over_polls_restarts_and_edits(lab):
    feed = lab.feed('paper', [item(1, 'Acme one')])
    lab.config(EVERYTHING.replace("boss, lang", "boss, lang").replace('@SMTP@', '1'))
    lab.start()
    lab.wait_hook(lambda p: p.name == 'machine' and 'Acme one' in p.text)
    feed.body = lab.feed('paper', [item(1, 'Acme one, corrected'), item(2, 'Acme two')]).body
    lab.wait_hook(lambda p: p.name == 'machine' and 'Acme two' in p.text)
    lab.stop()
    lab.start()
    asked = len(feed.asked)
    lab.wait(lambda: len(feed.asked) >= asked + 2, 'two more polls')
    feed.body = lab.feed('paper', [item(1, 'Acme one, corrected'), item(2, 'Acme two'), item(3, 'Acme three')]).body
    lab.wait_hook(lambda p: p.name == 'machine' and 'Acme three' in p.text)
    told = [p for p in lab.settle(3) if p.name == 'machine']
    assert len(told) == 3, [p.text[:200] for p in told]
    assert len({p.headers['webhook-id'] for p in told}) == 3


def test_the_archive_can_be_searched_and_exported(lab):
    lab.feed('paper', [item(1, 'Acme à Genève', 'L’usine Acme ouvre.'), item(2, '=Acme()', 'formula')])
    lab.config(EVERYTHING.replace('@SMTP@', '1'))
    lab.start()
    lab.wait(lambda: len([p for p in lab.posts if p.name == 'machine']) == 2, 'two alerts')
    lines = lab.vigie('search', 'geneve', '--state', lab.state, '--json').stdout.splitlines()
    assert [json.loads(line)['title'] for line in lines] == ['Acme à Genève']
    everything = lab.vigie('export', '--state', lab.state).stdout.splitlines()
    assert {json.loads(line)['title'] for line in everything} == {'Acme à Genève', '=Acme()'}
    table = list(csv.DictReader(io.StringIO(lab.vigie('export', '--state', lab.state, '--format', 'csv').stdout)))
    assert any(row['title'].startswith("'=") for row in table)
