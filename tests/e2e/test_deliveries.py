"""What can't be delivered: seen, understood, tried again or dropped, with `vigie deliveries`; and each channel on its way."""
import json

from lab import item

ONE = """
rules: [{id: acme, brand: Acme, query: acme}]
sources: [{id: a, url: '@BASE@/feed/a', every: 1s}]
receivers: [{id: hook, webhook: '@BASE@/hook/hook'}]
routes: {receiver: hook, group_by: [mention]}
"""


def deliveries(lab, *words):
    return json.loads(lab.vigie('deliveries', *words, '-c', lab.config_path, '--json').stdout)


def in_state(lab, state):
    return [d for d in deliveries(lab)['deliveries'] if d['state'] == state]


def test_a_dead_letter_is_seen_and_driven_again(lab):
    lab.hook_answers['hook'] = lambda post: (422, {}, b'unknown brand')
    lab.feed('a', [item(1, 'Acme one'), item(2, 'Acme two')])
    lab.config(ONE)
    lab.start()
    lab.wait(lambda: len(in_state(lab, 'dead')) == 2, 'two dead letters')
    dead = in_state(lab, 'dead')[0]
    assert dead['why'] == 'HTTP 422: unknown brand' and dead['attempts'] == 1

    told = lab.vigie('deliveries', '-c', lab.config_path).stdout
    assert 'dead' in told and dead['id'][:8] in told and 'unknown brand' in told
    shown = deliveries(lab, 'show', dead['id'][:8])
    assert shown['tries'][0]['status'] == 422 and len(shown['keys']) == 1
    assert 'HTTP 422' in lab.vigie('deliveries', 'show', dead['id'], '-c', lab.config_path).stdout

    lab.hook_answers['hook'] = lambda post: (204, {}, b'')
    assert deliveries(lab, 'redrive', dead['id']) == {'redriven': 1}
    lab.wait(lambda: len(in_state(lab, 'sent')) == 1, 'the one driven again')
    assert deliveries(lab, 'drop', in_state(lab, 'dead')[0]['id']) == {'dropped': 1}
    lab.wait(lambda: len(deliveries(lab)['deliveries']) == 1, 'the dropped one to be gone')
    ids = [p.headers['webhook-id'] for p in lab.posts]
    assert len(ids) == 3 and len(set(ids)) == 2

    # What is asked wrongly is said so, on standard error.
    for words in (['show'], ['show', 'zzzzzzzz'], ['drop'], ['redrive', dead['id']], ['burn', 'x'], ['list', 'x'], ['show', '../x']):
        done = lab.vigie('deliveries', *words, '-c', lab.config_path, check=False)
        assert done.returncode == 2 and done.stderr and not done.stdout, words


def test_a_receiver_that_is_gone_waits_for_a_word(lab):
    lab.hook_answers['hook'] = lambda post: (410, {}, b'')
    lab.feed('a', [item(n, f'Acme {n}') for n in range(3)])
    lab.config(ONE)
    lab.start()
    lab.wait_log('post.stopped')
    lab.wait(lambda: len(in_state(lab, 'waiting')) == 3, 'three waiting')
    assert len(lab.posts) == 1
    lab.hook_answers['hook'] = lambda post: (200, {}, b'')
    deliveries(lab, 'redrive', '--all')
    lab.wait(lambda: len(in_state(lab, 'sent')) == 3, 'all of them')


def test_secrets_stay_out_of_the_log(lab):
    lab.hook_answers['s3cr3t'] = lambda post: (503, {'Retry-After': '0'}, b'no')
    lab.feed('a', [item(1, 'Acme')])
    lab.config(ONE.replace('/hook/hook', '/hook/s3cr3t'))
    lab.start()
    lab.wait_log('post.failed')
    told = lab.vigie('deliveries', '-c', lab.config_path, '--json').stdout + json.dumps(lab.status())
    assert 's3cr3t' not in told + '\n'.join(lab.log)


CHANNELS = {
    'slack': ("slack: '@BASE@/hook/slack'", b'ok'),
    'bot': ("slack: {url: '@BASE@/hook/bot', token: xoxb-1, channel: '#news'}", b'{"ok":true}'),
    'teams': ("teams: '@BASE@/hook/teams?sig=x'", b''),
    'discord': ("discord: '@BASE@/hook/discord'", b'{"id":"1"}'),
    'mattermost': ("mattermost: '@BASE@/hook/mattermost'", b'ok'),
    'googlechat': ("googlechat: '@BASE@/hook/googlechat?key=k&token=t'", b'{"name":"x"}'),
    'telegram': ("telegram: {url: '@BASE@/hook/telegram', token: '1:t', chat: '-1001'}", b'{"ok":true}'),
    'matrix': ("matrix: {url: '@BASE@/hook/matrix', token: t, room: '!a:example.org'}", b'{"event_id":"$1"}'),
    'ntfy': ("ntfy: {url: '@BASE@/hook/ntfy', topic: news}", b'{"id":"x"}'),
    'pagerduty': ("pagerduty: {url: '@BASE@/hook/pagerduty', routing_key: k}", b'{"status":"success"}'),
    'alertmanager': ("alertmanager: '@BASE@/hook/alertmanager'", b''),
    'webhook': ("webhook: '@BASE@/hook/webhook'", b''),
}


def test_each_channel_is_spoken_to_as_it_wants(lab):
    receivers = ''.join(f'  - {{id: {name}, {text}}}\n' for name, (text, _) in CHANNELS.items())
    for name, (_, answer) in CHANNELS.items():
        lab.hook_answers[name] = lambda post, answer=answer: (200, {}, answer)
    lab.feed('a', [item(1, 'Acme <!channel> @everyone [x](javascript:alert(1))', 'Then *Acme* said <b>so</b>.')])
    lab.config(ONE.split('receivers:')[0] + 'receivers:\n' + receivers +
               'routes: {receiver: [' + ', '.join(CHANNELS) + '], group_by: [mention]}\n')
    lab.start()
    lab.wait(lambda: len(in_state(lab, 'sent')) == len(CHANNELS), 'all channels')
    posts = {post.name: post for post in lab.posts}
    assert set(posts) == set(CHANNELS) and len(lab.posts) == len(CHANNELS)
    for name, post in posts.items():
        assert post.json and post.headers['content-type'] == 'application/json', name
        assert post.headers['user-agent'].startswith('vigie/'), name
    for name in ('slack', 'bot', 'mattermost', 'googlechat'):
        assert '<!channel>' not in post_text(posts[name]), name
    for name in ('discord', 'mattermost'):
        assert '@everyone' not in post_text(posts[name]), name
    assert posts['telegram'].path == '/hook/telegram/bot1:t/sendMessage'
    assert posts['matrix'].path.startswith('/hook/matrix/_matrix/client/v3/rooms/%21a%3Aexample.org/send/m.room.message/')
    assert posts['matrix'].headers['authorization'] == 'Bearer t'
    assert posts['alertmanager'].path == '/hook/alertmanager/api/v2/alerts'
    assert posts['teams'].path.endswith('?sig=x')


def post_text(post):
    return json.dumps(post.json, ensure_ascii=False)
