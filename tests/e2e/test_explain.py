"""vigie explain: each reason named, with a real daemon and from its archive alone."""
import json

from lab import Lab, fill_archive, item, vigie

CONFIG = """
rules: [{id: acme, kind: brand, brand: Acme, query: acme}]
sources:
  - {id: good, kind: feed, url: 'http://127.0.0.1:%d/feed/a', every: 1s}
  - {id: broken, kind: feed, url: 'http://127.0.0.2:%d/feed/none', every: 1s}
receivers: [{id: hook, webhook: {url: 'http://127.0.0.1:%d/hook/x', secret: s}}]
routes: {receiver: hook, group_by: [mention], group_wait: 0s}
"""


def explain(state, what, text=False):
    said = vigie('explain', *([] if text else ['--json']), '--state', state, what)
    return said.stdout if text else json.loads(said.stdout)


def test_what_came_and_what_did_not(tmp_path):
    with Lab(tmp_path) as lab:
        lab.feed('a', [item('1', 'Acme opens', url='https://site.example/one'),
                       item('2', 'Nothing of it', url='https://site.example/two'),
                       item('3', 'Acme of old', url='https://site.example/old', published=-90 * 86400)])
        lab.config(CONFIG % (lab.port, lab.port, lab.port))
        lab.start()
        lab.wait_hook(lambda h: 'Acme opens' in h.text)
        lab.wait(lambda: explain(lab.state, 'https://site.example/one')['stage'] == 'told', 'the ledger')
        told = explain(lab.state, 'https://site.example/one')
        key = told['mentions'][0]['key']
        assert told['mentions'][0]['matches'][0]['spans'][0]['text'] == 'Acme' and told['daemon']
        assert told['mentions'][0]['outcomes'][0]['receiver'] == 'hook'
        assert explain(lab.state, key)['stage'] == explain(lab.state, '1')['stage'] == 'told'
        lab.wait(lambda: explain(lab.state, 'https://site.example/two')['stage'] == 'rules', 'the store of passed-over items')
        passed = explain(lab.state, 'https://site.example/two')
        assert passed['passed_over'][0]['source'] == 'good' and passed['reach']['passed_over'] and 'no rule wanted it' in passed['sentence']
        assert explain(lab.state, 'https://site.example/old')['stage'] == 'silent'
        lab.wait(lambda: explain(lab.state, 'http://127.0.0.2/x')['stage'] == 'source', 'the error of a source')
        assert explain(lab.state, 'http://127.0.0.1/x')['stage'] == 'listed'
        assert explain(lab.state, 'https://elsewhere.example/')['stage'] == 'sources'
        lab.stop()
        assert explain(lab.state, 'https://elsewhere.example/')['stage'] == 'unknown'
        lines = explain(lab.state, 'https://site.example/one', text=True).splitlines()
        assert lines[-1] == 'It came through good, rule acme wanted it, and 1 of 1 receivers were told.'
        assert any('title "Acme"' in line for line in lines)


def test_outcomes(tmp_path):
    state = tmp_path / 'state'
    match = [{'rule': 'acme', 'kind': 'brand', 'brand': 'Acme', 'weight': 1}]
    at = '2026-01-01T00:00:00Z'
    fill_archive(state, [
        {'id': 'a', 'title': 'a', 'source': 's', 'matches': match},
        {'id': 'b', 'title': 'b', 'source': 's', 'matches': match, 'outcomes': [{'receiver': 'r', 'outcome': 'dead', 'at': at}]},
        {'id': 'c', 'title': 'c', 'source': 's', 'matches': match, 'outcomes': [{'receiver': 'r', 'outcome': 'muted', 'at': at}]}])
    assert [explain(state, x)['stage'] for x in 'abc'] == ['archived', 'dead', 'muted']
    assert vigie('explain', check=False).returncode == 2
    missing = vigie('explain', '--state', tmp_path / 'nowhere', 'x', check=False)
    assert missing.returncode == 1 and 'archive' in missing.stderr


WAITING = """
time_intervals: [{name: vigil, weekdays: [mon, tue, wed, thu, fri, sat, sun]}]
rules: [{id: acme, kind: brand, brand: Acme, query: acme}]
sources: [{id: good, kind: feed, url: '@BASE@/feed/a', every: 1s}]
receivers:
  - {id: group, webhook: {url: '@BASE@/hook/group', secret: s}}
  - {id: quiet, webhook: {url: '@BASE@/hook/quiet', secret: s}, quiet: vigil}
  - {id: paper, webhook: {url: '@BASE@/hook/paper', secret: s}}
  - {id: thrifty, webhook: {url: '@BASE@/hook/thrifty', secret: s}, budget: 1/day}
routes:
  receiver: group
  routes:
    - {receiver: group, group_by: [source], group_wait: 1h, continue: true}
    - {receiver: quiet, group_by: [mention], continue: true}
    - {receiver: paper, digest: {daily: '08:00'}, continue: true}
    - {receiver: thrifty, group_by: [mention]}
"""


def test_what_waits_is_said_with_vigie_stopped(tmp_path):
    with Lab(tmp_path) as lab:
        lab.feed('a', [item('1', 'Acme opens', url='https://site.example/1'), item('2', 'Acme closes', url='https://site.example/2')])
        lab.config(WAITING)
        lab.start()
        lab.wait_hook(lambda p: p.name == 'thrifty')

        def outcomes():
            return {(n, o['receiver']): o for n in '12' for o in explain(lab.state, f'https://site.example/{n}')['mentions'][0]['outcomes']}
        lab.wait(lambda: len(outcomes()) == 8 and 'sent' in {o['outcome'] for o in outcomes().values()}, 'the ledger')
        lab.kill()
        told = outcomes()
        for n in '12':
            assert told[n, 'group']['outcome'] == 'waiting' and told[n, 'group']['until']
            assert told[n, 'quiet']['outcome'] == 'held' and 'quiet hours vigil' in told[n, 'quiet']['why']
            assert told[n, 'paper']['outcome'] == 'digest' and told[n, 'paper']['until']
        assert sorted(told[n, 'thrifty']['outcome'] for n in '12') == ['budget', 'sent']
        poor = next(n for n in '12' if told[n, 'thrifty']['outcome'] == 'budget')
        assert 'budget 1/day' in told[poor, 'thrifty']['why'] and told[poor, 'thrifty']['until']
        said = explain(lab.state, f'https://site.example/{poor}')
        assert said['stage'] in ('waiting', 'held', 'digest', 'budget') and 'nobody was told so far' in said['sentence'] and not said['daemon']
        rich = explain(lab.state, f'https://site.example/{3 - int(poor)}')
        assert rich['stage'] == 'partly' and '1 of 4 receivers were told; not ' in rich['sentence'] and ' so far: ' in rich['sentence']
        assert 'quiet: held at ' in explain(lab.state, f'https://site.example/{poor}', text=True)
