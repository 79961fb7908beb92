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
