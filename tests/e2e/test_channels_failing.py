"""Every channel through the whole daemon: platforms that hang, that can't be trusted, that are gone for good. One
daemon has all of them as receivers, so it is seen as well that none waits for another.
"""
import asyncio
import json
import re

import pytest
from aiosmtpd.smtp import AuthResult
from authority import Authority, context_of
from channels import CHANNELS, check, key_of, receiver, yes
from lab import item

HEAD = """
crawl: {spacing: 0s, allow_addresses: [127.0.0.0/8]@CRAWL@}
rules: [{id: acme, brand: Acme, query: acme}]
sources: [{id: a, url: '@BASE@/feed/a', every: 1s}]
receivers:
"""
LOGIN = "user: u, password: CANARYpassword"


def mail(id_, url, more='', fields=''):
    return f"  - {{id: {id_}, {more}email: {{to: [{id_}@brand.example], from: vigie@brand.example, smtp: '{url}'{fields}}}}}\n"


def config(lab, lines, routes, crawl='', more=''):
    lab.config((f'state: {lab.state}\nhttp: {{listen: "127.0.0.1:0"}}\n' + HEAD + ''.join(lines) + more +
                'routes: {receiver: [' + ', '.join(routes) + '], group_by: [mention]}\n').replace('@CRAWL@', crawl))


def deliveries(lab):
    listed = json.loads(lab.vigie('deliveries', '-c', lab.config_path, '--json').stdout)['deliveries']
    return {d['receiver']: d for d in listed}


def tries(lab, delivery):
    return json.loads(lab.vigie('deliveries', 'show', delivery['id'], '-c', lab.config_path, '--json').stdout)['tries']


def failures(lab, receiver_):
    """What the log says of a receiver: (attempt, why) of each that failed."""
    lines = [l for l in lab.log if 'post.failed' in l and f' receiver={receiver_} ' in l]
    return [(int(re.search(r' attempt=(\d+)', l)[1]), re.search(r' why="(.*?)" again_in_ms', l)[1]) for l in lines]


# --- Hangs ----------------------------------------------------------------------------------------

TIMEOUT_MS = 2000  # far above what an answer takes on a machine that has much to do


def test_a_hang_ends_by_the_timeout_and_is_tried_again(lab, monkeypatch):
    """First nothing is answered, then half of what makes a yes, or nothing; then all of it."""
    monkeypatch.setenv('VIGIE_TEST_RETRY_SCALE', '100000')
    posts, wrong = {c: [] for c in CHANNELS}, []

    def answer_of(channel):
        status, headers, whole = yes(channel)
        # Of a 202 or 204 the status is the yes.
        half = (status, {'Content-Length': len(whole) + 1000}, whole[:len(whole) // 2]) if status == 200 and whole else None

        def answer(post):
            posts[channel].append(post)
            wrong.extend((channel, problem) for problem in check(channel, post))
            return [None, half, (status, headers, whole)][min(len(posts[channel]), 3) - 1]
        return answer
    for channel in CHANNELS:
        lab.hook_answers[channel] = answer_of(channel)
    # Mail: a server that says nothing at all, then one that takes the message and says nothing to that.
    port = lab.mail_server(mute=1, data=lambda nth: None if nth == 0 else '250 taken')
    more = f'timeout: {TIMEOUT_MS}ms, '
    config(lab, [receiver(c, more=more) for c in CHANNELS] + [mail('post', f'smtp://127.0.0.1:{port}', more)], CHANNELS + ['post'])
    lab.feed('a', [item(1, 'Acme one', 'All about Acme.')])
    lab.start()
    lab.wait(lambda: lab.status()['deliveries'].get('sent', 0) == len(CHANNELS) + 1, 'all to be delivered', 60)
    assert not wrong, wrong[:5]
    found = deliveries(lab)
    for channel in CHANNELS:
        # Not one try ran out of time in a queue behind another receiver that hangs.
        assert len(posts[channel]) == 3, channel
        assert len({key_of(channel, p) for p in posts[channel]}) == 1, (channel, 'not the same message on each try')
    for channel in CHANNELS + ['post']:
        made = tries(lab, found[channel])
        assert [t['verdict'] for t in made] == ['retry', 'retry', 'sent'], (channel, [(t['why'], t['took']) for t in made])
        assert 'took too long to answer' in made[0]['why'], (channel, [(t['why'], t['took']) for t in made])
        for one in made[:2]:
            assert TIMEOUT_MS <= one['took'] < TIMEOUT_MS + 3000, (channel, [(t['why'], t['took']) for t in made])
    assert len(lab.mails) == 2 and len({m.message['Message-ID'] for m in lab.mails}) == 1


# --- TLS ------------------------------------------------------------------------------------------

class Plain(asyncio.Protocol):
    """Speaks HTTP where TLS is due, and keeps what it is told."""
    told = b''

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        Plain.told += data
        self.transport.write(b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok')
        self.transport.close()


# What is wrong with the other side → what is said of it, and what would help.
WHY = {'stranger': ('issuer certificate', 'name its authority in crawl.ca_file'),
       'name': ('subject name', 'use the name that it is for'),
       'plain': ('no trusted TLS connection',),
       'none': ('offers no TLS (STARTTLS), and without it nothing is sent',)}


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_nothing_is_told_to_who_cannot_be_trusted(lab, tmp_path, monkeypatch):
    monkeypatch.setenv('VIGIE_TEST_RETRY_SCALE', '600')
    ours, stranger = Authority(tmp_path, 'ours'), Authority(tmp_path, 'stranger')
    good = ours.issue('IP:127.0.0.1,IP:127.0.0.2')
    contexts = {'stranger': context_of(stranger.issue('IP:127.0.0.1,IP:127.0.0.2')), 'name': context_of(ours.issue('DNS:other.example'))}
    servers = {'plain': lab.listen(Plain), **{w: lab.listen(tls=c) for w, c in contexts.items()}}
    lines, names, wrong = [], {}, []
    for trouble, server in servers.items():
        for channel in CHANNELS:
            id_ = f'{channel}-{trouble}'
            names[id_] = trouble
            lines.append(receiver(channel, f'https://127.0.0.1:{server.port}', id_))

            def answer(post, channel=channel):
                wrong.extend((channel, problem) for problem in check(channel, post))
                return yes(channel)
            lab.hook_answers[id_] = answer
    # Mail, with TLS from the start and by STARTTLS. A password is offered to anybody who asks.
    login = {'authenticator': lambda *_: AuthResult(success=True, auth_data='u'), 'auth_require_tls': False, 'auth_required': True}
    for trouble, context in contexts.items():
        for scheme, host in (('smtps', '127.0.0.1'), ('smtp', '127.0.0.2')):
            id_ = f'{scheme}-{trouble}'
            names[id_] = trouble
            port = lab.mail_server(host, tls=context if scheme == 'smtps' else None,
                                   **login, **({'tls_context': context} if scheme == 'smtp' else {}))
            lines.append(mail(id_, f'{scheme}://{host}:{port}', fields=', ' + LOGIN))
    names['smtp-none'] = 'none'
    none = lab.mail_server('127.0.0.2', **login)
    lines.append(mail('smtp-none', f'smtp://127.0.0.2:{none}', fields=', ' + LOGIN))
    config(lab, lines, names, crawl=f', ca_file: {ours.ca}')
    lab.feed('a', [item(1, 'Acme one', 'All about Acme.')])
    lab.start()
    lab.wait(lambda: all(failures(lab, n) for n in names), 'all to fail')

    # Nothing went over: no request, no mail, no word that is not part of a handshake, no password.
    assert not lab.posts and not lab.mails
    assert Plain.told.count(b'\x16\x03') >= len(CHANNELS), 'there were handshakes'
    assert not any(word in Plain.told for word in (b'Acme', b'POST', b'PUT', b'Bearer', b'xoxb', b'/hook'))
    commands = b''.join(data for _, under_tls, data in lab.said if not under_tls).upper()
    assert b'STARTTLS' in commands and b'EHLO' in commands
    assert not any(word in commands for word in (b'AUTH', b'MAIL FROM', b'CANARY', b'ACME'))
    assert not any(under_tls for _, under_tls, _ in lab.said)
    # Put right, everything arrives; a server that has no TLS still gets nothing.
    for context in contexts.values():
        context.load_cert_chain(*good)
    lab.loop.call_soon_threadsafe(servers['plain'].close)
    lab.listen(port=servers['plain'].port, tls=context_of(good))
    lab.wait(lambda: lab.status()['deliveries'].get('sent', 0) == len(names) - 1, 'all to be delivered', 60)
    assert not wrong, wrong[:5]
    assert sorted(p.name for p in lab.posts) == sorted(n for n in names if not n.startswith('smtp'))
    assert sorted(m.to[0].split('@')[0] for m in lab.mails) == sorted(n for n in names if n.startswith('smtp') and n != 'smtp-none')
    told_none = b''.join(data for port, _, data in lab.said if port == none).upper()
    assert b'EHLO' in told_none and b'AUTH' not in told_none and b'MAIL FROM' not in told_none
    assert 'CANARY' not in '\n'.join(lab.log)
    for name, trouble in names.items():
        for words in WHY[trouble]:
            assert words in failures(lab, name)[0][1], (name, failures(lab, name))
    found = deliveries(lab)
    for name in ('telegram-stranger', 'webhook-name', 'slack-plain', 'smtp-stranger', 'smtp-none'):
        first = tries(lab, found[name])[0]
        assert (1, first['why']) == failures(lab, name)[0] and first['status'] == 0 and first['verdict'] == 'retry'


# --- Gone -----------------------------------------------------------------------------------------

def test_410_stops_each_receiver_and_is_told_elsewhere_once(lab):
    for channel in CHANNELS:
        lab.hook_answers[channel] = lambda post: (410, {}, b'gone')
    config(lab, [receiver(c) for c in CHANNELS] + [receiver('webhook', id_='chief')], CHANNELS, more='notices: [chief]\n')
    lab.feed('a', [item(1, 'Acme one', 'All about Acme.')])
    lab.start()
    lab.wait(lambda: sum(p.name == 'chief' for p in lab.posts) >= len(CHANNELS), 'a notice of each', 60)
    lab.feed('a', [item(1, 'Acme one', 'All about Acme.'), item(2, 'Acme two', 'More of Acme.')])
    lab.wait(lambda: lab.status()['deliveries']['waiting'] == 2 * len(CHANNELS), 'the next ones to wait')
    notices = [p.text for p in lab.posts if p.name == 'chief']
    for channel in CHANNELS:
        assert sum(f'\\"{channel}\\"' in n for n in notices) == 1, (channel, notices)
    assert sum(p.name != 'chief' for p in lab.posts) == len(CHANNELS), 'a stopped receiver was asked again'
    # Corrected, each gets what it missed, in order and under the id of the first try.
    for channel in CHANNELS:
        lab.hook_answers[channel] = lambda post: yes(post.name)
    first = {p.name: key_of(p.name, p) for p in lab.posts if p.name != 'chief'}
    lab.posts.clear()
    lab.vigie('deliveries', 'redrive', '--all', '-c', lab.config_path)
    lab.wait(lambda: len(lab.posts) == 2 * len(CHANNELS), 'what was missed', 30)
    for channel in CHANNELS:
        again = [p for p in lab.posts if p.name == channel]
        assert key_of(channel, again[0]) == first[channel] and 'Acme two' in again[1].text, channel
