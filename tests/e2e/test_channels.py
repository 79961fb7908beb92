"""Each channel against a stand-in of its platform that checks its rules, and fails before it takes:
503, 429 with both forms of Retry-After, a reset, half an answer, a redirect, a 200 that says no.
"""
import email.utils
import time

import platforms
from lab import Post, item

KEYS = ['whsec_' + c * 32 for c in 'AB']
RECEIVERS = """
receivers:
  - {id: slack, slack: {url: '@BASE@/hook/slack'}}
  - {id: teams, teams: {url: '@BASE@/hook/teams?sig=s'}}
  - {id: discord, discord: {url: '@BASE@/hook/discord'}}
  - {id: mattermost, lang: fr, mattermost: {url: '@BASE@/hook/mattermost'}}
  - {id: googlechat, googlechat: {url: '@BASE@/hook/googlechat?key=k&token=t'}}
  - {id: telegram, lang: fr, telegram: {token: '12:t', chat: '-7', url: '@BASE@/hook/telegram'}}
  - {id: matrix, matrix: {url: '@BASE@/hook/matrix', token: t, room: '!a:b.example'}}
  - {id: ntfy, ntfy: {topic: t, url: '@BASE@/hook/ntfy'}}
  - {id: pagerduty, pagerduty: {routing_key: 0123456789abcdef0123456789abcdef, url: '@BASE@/hook/pagerduty'}}
  - {id: alertmanager, alertmanager: {url: '@BASE@/hook/alertmanager'}}
  - {id: webhook, webhook: {url: '@BASE@/hook/webhook', secret: '@KEY0@', old_secret: '@KEY1@'}}
"""
CONFIG = """
rules: [{id: acme, brand: Acme, kind: brand, query: acme}, {id: words, query: 'all OR client OR of', weight: 0.5}]
sources: [{id: a, url: '@BASE@/feed/a', every: 1s}]
""" + RECEIVERS.replace('@KEY0@', KEYS[0]).replace('@KEY1@', KEYS[1])
CHANNELS = list(platforms.CHECKS)

# What people write who would like to be more than text.
HOSTILE = ['<!channel> <!here|here> <@U1> <#C1> <https://evil.example|a bank> & <b>bold</b>', '@all @channel @here @everyone <users/all>',
           '[click](https://evil.example) ![x](https://evil.example/x.png) **bold** _it_ `code` ~~gone~~ # head',
           '\u202etxet denrut\u202c \u2066x\u2069 \u200bzero\u200bwidth\ufeff', '<script>alert(1)</script> <at>Somebody</at> </b></a></div>',
           '\r\nBcc: x@evil.example\r\n\r\nbody', '&amp; &lt;b&gt; &#60;i&#62; %0d%0a', '{"text":"x"} {{ template }} ${HOME} $(id)',
           '\U0001f1eb\U0001f1f7\U0001f469\u200d\U0001f4bb' * 40]


def key_of(channel, post):
    """What tells the platform, or who reads, that it is the same message again."""
    if channel == 'matrix':
        return post.path.rsplit('/', 1)[1]
    if channel == 'webhook':
        return post.headers['webhook-id']
    return post.json['dedup_key'] if channel == 'pagerduty' else post.text


def check(channel, post):
    return platforms.check(channel, post, **({'secrets': KEYS} if channel == 'webhook' else {}))


def test_text_of_strangers_and_limits(lab):
    """Each hostile text as title, text and author; and thirty mentions in one message that are too long."""
    wrong = []

    def answer(post):
        wrong.extend((post.name, problem, post.text[:2000]) for problem in check(post.name, post))
        status, body = platforms.YES[post.name]
        return status, {}, body.encode()
    for channel in CHANNELS:
        lab.hook_answers[channel] = answer
    long = [item(f'l{i}', f'Acme {i} ' + '<&>*_"' * 300, f'Acme {i}: ' + 'wörd & <b> *bold* ' * 900, author='Ann <&> ' * 40) for i in range(30)]
    strange = [item(f'h{i}', f'Acme {text}', f'{text} Acme {text}', author=f'{text} Acme', url=url) for i, text in enumerate(HOSTILE)
               for url in ['https://site.example/a?b=1&c="2"|3>' if i % 2 else 'javascript:alert(1)']]
    lab.feed('a', long + strange)
    lab.config(CONFIG + 'routes: {receiver: [' + ', '.join(CHANNELS) + '], group_by: [rule], group_wait: 1s}')
    lab.start()
    lab.wait(lambda: {p.name for p in lab.posts} == set(CHANNELS) or wrong, 'a message on each channel', 60)
    lab.vigie('deliveries', '-c', lab.config_path)
    assert not wrong, wrong[:3]
    assert not any('evil.example' in str(k) for p in lab.posts for k in p.headers)


def test_each_platform_fails_before_it_takes(lab, monkeypatch):
    monkeypatch.setenv('VIGIE_TEST_RETRY_SCALE', '100000')
    tries, wrong, asked = {c: [] for c in CHANNELS}, [], {}

    def answer_of(channel):
        yes = platforms.YES[channel]
        no = b'<!doctype html><title>Log in</title>' if channel != 'webhook' else None

        def answer(post):
            tries[channel].append(post)
            wrong.extend((channel, problem) for problem in check(channel, post))
            step = len(tries[channel]) - 1
            if step == 1:
                asked[channel, step] = time.time() + 2
                return 429, {'Retry-After': '2'}, b'{}'
            if step == 2:
                date = email.utils.formatdate(int(time.time()) + 3, usegmt=True)
                asked[channel, step] = int(time.time()) + 3
                return 429, {'Retry-After': date}, b'{}'
            return [(503, {}, b'busy'), None, None, ('reset', {}, b''), ('half', {}, b''),
                    (307, {'Location': lab.url('/hook/elsewhere')}, b''), (200, {}, no) if no else (502, {}, b'')][step] \
                if step < 7 else (yes[0], {}, yes[1].encode())
        return answer
    for channel in CHANNELS:
        lab.hook_answers[channel] = answer_of(channel)
    lab.feed('a', [item(1, 'Acme one', 'All about Acme.')])
    lab.config(CONFIG + 'routes: {receiver: [' + ', '.join(CHANNELS) + '], group_by: [mention]}')
    lab.start()
    lab.wait(lambda: lab.status()['deliveries'].get('sent', 0) == len(CHANNELS), 'all to be delivered', 90)
    assert not wrong, wrong[:5]
    for channel in CHANNELS:
        posts = tries[channel]
        assert len(posts) == 8, (channel, len(posts))
        assert len({key_of(channel, p) for p in posts}) == 1, (channel, 'not the same message on each try')
        for step in (1, 2):
            assert posts[step + 1].at >= asked[channel, step], (channel, 'Retry-After was undercut')
    assert not any(p.name == 'elsewhere' for p in lab.posts), 'a redirect was followed'


def test_the_stand_in_sees_what_is_wrong():
    """A check that cannot fail proves nothing: one broken message for each platform."""
    bad = {'slack': '{"text":"a","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"<!channel> hi"}}]}',
           'teams': '{"@type":"MessageCard","text":"x"}', 'discord': '{"content":"' + 'x' * 2001 + '","allowed_mentions":{"parse":[]}}',
           'mattermost': '{"text":"hello @channel"}', 'googlechat': '{"text":"<users/all>","thread":{"threadKey":"k"},"cardsV2":[]}',
           'telegram': '{"text":"<b>x","parse_mode":"HTML","link_preview_options":{"is_disabled":true}}',
           'matrix': '{"msgtype":"m.text","format":"org.matrix.custom.html","formatted_body":"<script>","m.mentions":{}}',
           'ntfy': '{"topic":"a b","message":"x"}', 'pagerduty': '{"routing_key":"k","event_action":"trigger","dedup_key":"","payload":{}}',
           'alertmanager': '[{"labels":{"alertname":""},"startsAt":"yesterday"}]', 'webhook': '{"type":"a b","timestamp":"t","data":{}}'}
    headers = {'content-type': 'application/json', 'webhook-id': 'a', 'webhook-timestamp': str(int(time.time())), 'webhook-signature': 'v1,x'}
    assert set(bad) == set(CHANNELS)
    for channel, body in bad.items():
        assert check(channel, Post(channel, '/x', headers, body.encode(), time.time())), channel
