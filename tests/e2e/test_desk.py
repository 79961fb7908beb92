"""What the desk decides, seen from outside: copies, digests, silences, mutes, acknowledgements, the law."""
import json
import pathlib

from lab import item

CONFIG = """
rules: [{id: acme, query: acme}]
sources: [{id: a, url: '@BASE@/feed/a', every: 1s}]
receivers:
  - {id: hook, webhook: {url: '@BASE@/hook/json', secret: s}}
routes: {receiver: hook}
"""


def law(lab):
    return json.loads(lab.vigie('status', '-c', lab.config_path, '--json').stdout)['receivers'][0]


def lawful(r):
    return r['lawful'] and r['candidates'] == sum(
        r[k] for k in ('sent', 'digested', 'muted', 'silenced', 'folded', 'dead', 'waiting', 'in_digest', 'on_way'))


def test_copies_are_folded_and_counted(lab):
    text = 'The plant of Acme in the valley burns since this morning, and the road to the north is closed to all traffic.'
    lab.feed('a', [item(f'c{i}', 'Acme: the plant burns in the valley', text, url=f'https://s{i}.example/fire') for i in range(4)])
    lab.config(CONFIG)
    lab.start()
    lab.wait_hook(lambda p: p.name == 'json')
    lab.wait(lambda: law(lab)['sent'] == 1 and law(lab)['folded'] == 3, 'the law')
    assert lawful(law(lab)) and len(lab.posts) == 1
    # A kill forgets nothing of it.
    lab.kill()
    lab.start()
    lab.wait(lambda: law(lab)['folded'] == 3, 'the law again')
    assert lawful(law(lab)) and len(lab.posts) == 1


def test_a_silence_and_a_mute_hold_and_end(lab):
    lab.feed('a', [])
    lab.config(CONFIG)
    lab.start()
    lab.wait(lambda: law(lab), 'the desk')
    done = lab.vigie('silence', 'add', '--match', 'rule=acme', '--for', '1h', '--comment', 'maintenance', '-c', lab.config_path)
    name = done.stdout.split()[1]
    assert name in lab.vigie('silence', 'list', '-c', lab.config_path).stdout
    lab.feed('a', [item(1, 'Acme one')])
    lab.wait(lambda: law(lab)['silenced'] == 1, 'it to be silenced')
    lab.vigie('silence', 'remove', name, '-c', lab.config_path)
    lab.vigie('mute', 'site', 'bad.example', '-c', lab.config_path)
    assert 'bad.example' in lab.vigie('mute', '-c', lab.config_path).stdout
    lab.feed('a', [item(1, 'Acme one'), item(2, 'Acme two of another kind', url='https://bad.example/2')])
    lab.wait(lambda: law(lab)['muted'] == 1, 'it to be muted')
    lab.vigie('mute', 'site', 'bad.example', '--remove', '-c', lab.config_path)
    lab.feed('a', [item(1, 'Acme one'), item(3, 'Acme three says something else', url='https://bad.example/3')])
    assert lab.wait_hook(lambda p: p.name == 'json').json['data']['item']['title'] == 'Acme three says something else'
    lab.wait(lambda: law(lab)['sent'] == 1, 'it to be sent')
    assert lawful(law(lab)) and len(lab.posts) == 1
    # Nothing of that name was told.
    assert lab.vigie('ack', 'story=zzz', '-c', lab.config_path, check=False).returncode != 0


def test_routes_are_tested_without_a_daemon(lab):
    lab.config(CONFIG)
    documents = pathlib.Path(f'{lab.state}.documents')
    documents.write_text('{"title": "Acme opens in Lyon"}\n{"title": "weather"}\n', encoding='utf-8')
    told = lab.vigie('routes', 'test', str(documents), '-c', lab.config_path).stdout
    assert told.splitlines()[0].startswith('hook: sending') and told.splitlines()[1] == 'nobody: no rule wants it'


def test_routes_are_tested_by_what_the_daemon_knows(lab):
    documents = pathlib.Path(f'{lab.state}.documents')

    def test(*more, document='{"title": "Acme opens in Lyon", "url": "https://x.example/1"}'):
        documents.write_text(document + '\n', encoding='utf-8')
        return lab.vigie('routes', 'test', str(documents), '-c', lab.config_path, *more)
    lab.feed('a', [])
    lab.config(CONFIG.replace('secret: s}}', "secret: s}, budget: 2/week, tz: UTC, digest: {daily: '08:00'}}"))
    assert 'no daemon runs' in test().stderr
    lab.start()
    lab.wait(lambda: law(lab), 'the desk')
    said = test()
    assert said.stdout.startswith('hook: sending') and '0 of 2/week used' in said.stdout and 'by the running daemon' in said.stderr
    # What was told: the budget is spent, and a copy is known.
    text = 'The plant of Acme in the valley burns since this morning, and the road to the north is closed to all traffic.'
    lab.feed('a', [item(1, 'Acme: the plant burns in the valley', text), item(2, 'Acme has other news')])
    lab.wait(lambda: law(lab)['sent'] == 2, 'both')
    said = test().stdout
    assert said.startswith('hook: digest until') and '2 of 2/week used' in said and 'budget' in said
    said = test(document=json.dumps({'title': 'Acme: the plant burns in the valley', 'text': text, 'url': 'https://y.example/2'})).stdout
    assert said.splitlines()[0].endswith('alike; with it 2 mentions on 2 sites') and 'hook: folded' in said
    # What holds now.
    lab.vigie('mute', 'site', 'x.example', '-c', lab.config_path)
    assert 'hook: muted  (site x.example is muted' in test().stdout
    lab.vigie('mute', 'site', 'x.example', '--remove', '-c', lab.config_path)
    lab.vigie('silence', 'add', '--match', 'rule=acme', '--for', '1h', '--author', 'ann', '--comment', 'works', '-c', lab.config_path)
    assert 'by ann: works' in test().stdout
    line = json.loads(test('--json').stdout)
    assert (line['by'], line['outcome'], line['story']) == ('daemon', 'silenced', None)
    # The files know nothing of it, and nothing was changed by asking.
    said = test('--files', '--json')
    assert json.loads(said.stdout)['outcome'] == 'sending' and json.loads(said.stdout)['by'] == 'files'
    assert 'not asked' in said.stderr
    assert test(document='{"title": "weather"}').stdout == 'nobody: no rule wants it\n'
    assert law(lab)['candidates'] == 2 and lawful(law(lab)) and len(lab.posts) == 2
