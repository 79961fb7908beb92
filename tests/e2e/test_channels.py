"""Each channel against a stand-in of its platform that checks its rules, and fails before it takes:
503 with half of its body, 429 with both forms of Retry-After, a reset, half an answer, a redirect, a 200
that says no. See test_channels_failing.py for hangs, TLS and 410.
"""
import email.utils
import time

from channels import CHANNELS, check, key_of, receiver, yes
from lab import Post, item

CONFIG = """
rules: [{id: acme, brand: Acme, kind: brand, query: acme}, {id: words, query: 'all OR client OR of', weight: 0.5}]
sources: [{id: a, url: '@BASE@/feed/a', every: 1s}]
receivers:
""" + ''.join(receiver(c) for c in CHANNELS)

# How long to wait, in the body of a 429.
PAUSES = {'discord': b'{"retry_after":1.9}', 'telegram': b'{"ok":false,"parameters":{"retry_after":2}}',
          'matrix': b'{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":1900}'}

# What people write who would like to be more than text.
HOSTILE = ['<!channel> <!here|here> <@U1> <#C1> <https://evil.example|a bank> & <b>bold</b>', '@all @channel @here @everyone <users/all>',
           '[click](https://evil.example) ![x](https://evil.example/x.png) **bold** _it_ `code` ~~gone~~ # head',
           '\u202etxet denrut\u202c \u2066x\u2069 \u200bzero\u200bwidth\ufeff', '<script>alert(1)</script> <at>Somebody</at> </b></a></div>',
           '\r\nBcc: x@evil.example\r\n\r\nbody', '&amp; &lt;b&gt; &#60;i&#62; %0d%0a', '{"text":"x"} {{ template }} ${HOME} $(id)',
           '\U0001f1eb\U0001f1f7\U0001f469\u200d\U0001f4bb' * 40]


def test_text_of_strangers_and_limits(lab):
    """Each hostile text as title, text and author; and thirty mentions in one message that are too long."""
    wrong = []

    def answer(post):
        wrong.extend((post.name, problem, post.text[:2000]) for problem in check(post.name, post))
        return yes(post.name)
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
        no = b'<!doctype html><title>Log in</title>' if channel != 'webhook' else None

        def answer(post):
            tries[channel].append(post)
            wrong.extend((channel, problem) for problem in check(channel, post))
            step = len(tries[channel]) - 1
            if step == 1:
                asked[channel, step] = time.time() + (1.9 if channel in PAUSES else 2)
                # Where a platform says it in the body too, that is the longer one.
                return 429, {'Retry-After': '1' if channel in PAUSES else '2'}, PAUSES.get(channel, b'{}')
            if step == 2:
                date = email.utils.formatdate(int(time.time()) + 3, usegmt=True)
                asked[channel, step] = int(time.time()) + 3
                return 429, {'Retry-After': date}, b'{}'
            return [(503, {'Content-Length': 99, 'Connection': 'close'}, b'busy'), None, None, ('reset', {}, b''), ('half', {}, b''),
                    (307, {'Location': lab.url('/hook/elsewhere')}, b''), (200, {}, no) if no else (502, {}, b'')][step] \
                if step < 7 else yes(channel)
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
    slack = '{"text":"a","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"<!channel> hi"}}]}'
    bad = {'slack': slack, 'slack_bot': slack.replace('<!channel> hi', 'hi'), 'teams': '{"@type":"MessageCard","text":"x"}', 'discord': '{"content":"' + 'x' * 2001 + '","allowed_mentions":{"parse":[]}}',
           'mattermost': '{"text":"hello @channel"}', 'googlechat': '{"text":"<users/all>","thread":{"threadKey":"k"},"cardsV2":[]}',
           'telegram': '{"text":"<b>x","parse_mode":"HTML","link_preview_options":{"is_disabled":true}}',
           'matrix': '{"msgtype":"m.text","format":"org.matrix.custom.html","formatted_body":"<script>","m.mentions":{}}',
           'ntfy': '{"topic":"a b","message":"x"}', 'pagerduty': '{"routing_key":"k","event_action":"trigger","dedup_key":"","payload":{}}',
           'alertmanager': '[{"labels":{"alertname":""},"startsAt":"yesterday"}]', 'webhook': '{"type":"a b","timestamp":"t","data":{}}'}
    headers = {'content-type': 'application/json', 'webhook-id': 'a', 'webhook-timestamp': str(int(time.time())), 'webhook-signature': 'v1,x'}
    assert set(bad) == set(CHANNELS)
    for channel, body in bad.items():
        assert check(channel, Post(channel, '/x', headers, body.encode(), time.time())), channel
