"""Mail by the whole daemon and a real SMTP server: TLS first, then the login, then the message; and what Python's
`email` makes of it.
"""
import email.header
import email.policy
import email.utils
import re
import time

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from authority import Authority, context_of
from lab import item

CONFIG = """
crawl: {spacing: 0s, allow_addresses: [127.0.0.0/8], ca_file: @CA@}
rules: [{id: acme, brand: Acme, query: acme}]
sources: [{id: a, url: '@BASE@/feed/a', every: 1s}]
receivers:
  - {id: team, lang: fr, timeout: 5s, email: {to: [anna@brand.example, ben@xn--bcher-kva.example], from: vigie@brand.example,
      name: 'Veille « Été » de la Société, Ltd.', bounce: bounce@brand.example, smtp: 'smtp://127.0.0.2:@SMTP@',
      user: 'vigie', password: 'pässwörd'}}
routes: {receiver: team, group_by: [brand], group_wait: 0s, group_interval: 1s}
"""
TITLE = '« Acme » à Orléans 🇫🇷 =?utf-8?q?Bcc:_x?= ' + 'très long ' * 30
TEXT = 'Acme : “déjà vu”.\r\n.\r\nBcc: x@evil.example\r\n\r\n' + 'Une ligne sans fin' * 200
ONCE = ['Date', 'From', 'To', 'Subject', 'Message-ID', 'MIME-Version', 'Content-Type', 'In-Reply-To', 'References', 'List-Id',
        'List-Unsubscribe', 'Auto-Submitted', 'X-Auto-Response-Suppress']


def check(raw):
    """What holds for each message; returns it as Python reads it."""
    message = email.message_from_bytes(raw, policy=email.policy.SMTP)
    assert not [d for part in message.walk() for d in part.defects] and not [d for v in message.values() for d in v.defects]
    assert re.search(rb'(?<!\r)\n|\r(?!\n)|\0', raw) is None and max(map(len, raw.split(b'\r\n'))) <= 78
    assert all(byte < 128 for byte in raw)
    assert sorted(message.keys()) == sorted(ONCE), 'a header twice, or one of a stranger'
    assert all(len(word) <= 75 for word in re.findall(rb'=\?[^ ?]+\?[^ ?]\?[^ ?]*\?=', raw))
    assert abs(email.utils.parsedate_to_datetime(message['Date']).timestamp() - time.time()) < 120
    assert message['From'].addresses[0].addr_spec == 'vigie@brand.example'
    # Python 3.11 itself leaves the space between two encoded-words of a name, against RFC 2047 section 6.2.
    name = email.header.decode_header(email.message_from_bytes(raw)['From'].split(' <')[0])
    assert str(email.header.make_header(name)) == 'Veille « Été » de la Société, Ltd.'
    assert [a.addr_spec for a in message['To'].addresses] == ['anna@brand.example', 'ben@xn--bcher-kva.example']
    assert message['Auto-Submitted'] == 'auto-generated' and message['X-Auto-Response-Suppress'] == 'All'
    assert re.fullmatch(r'<acme\.[a-z0-9.-]+>', message['List-Id'])
    assert message['List-Unsubscribe'] == '<mailto:vigie@brand.example?subject=unsubscribe>'
    assert re.fullmatch(r'<[a-z0-9]+@[a-z0-9.-]+>', message['Message-ID'])
    assert re.fullmatch(r'<group\.[^@<>\s]+@[a-z0-9.-]+>', message['References']) and message['In-Reply-To'] == message['References']
    assert message.get_content_type() == 'multipart/alternative'
    assert [p.get_content_type() for p in message.iter_parts()] == ['text/plain', 'text/html']
    for part in message.iter_parts():
        assert part.get_content_charset() == 'utf-8' and part['Content-Transfer-Encoding'] == 'quoted-printable'
        assert '“déjà vu”' in part.get_content() or 'deux' in part.get_content()
    assert '<script' not in raw.decode() and '<img' not in raw.decode()
    return message


@pytest.mark.filterwarnings('ignore:Requiring AUTH')
def test_tls_then_login_then_a_message_that_reads_well(lab, tmp_path, monkeypatch):
    monkeypatch.setenv('VIGIE_TEST_RETRY_SCALE', '100000')
    ours, logins = Authority(tmp_path, 'ours'), []

    def login(_server, session, _envelope, mechanism, data):
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (b'vigie', 'pässwörd'.encode())
        logins.append((mechanism, session.ssl is not None, good))
        return AuthResult(success=good, handled=False, auth_data=data)
    # A password is offered to be told in clear text as well.
    port = lab.mail_server('127.0.0.2', tls_context=context_of(ours.issue('IP:127.0.0.2')), authenticator=login, auth_required=True,
                           auth_require_tls=False, data=lambda nth: '451 4.3.0 not now' if nth == 0 else '250 taken')
    lab.feed('a', [item(1, TITLE, TEXT, author='Zoé «=?utf-8?q?x?=» <x@evil.example>')])
    lab.config(CONFIG.replace('@CA@', ours.ca))
    lab.start()
    lab.wait(lambda: len(lab.mails) == 2, 'the message, refused and taken')
    lab.feed('a', [item(1, TITLE, TEXT), item(2, 'Acme deux', 'Encore Acme.')])
    lab.wait(lambda: len(lab.mails) == 3, 'the next of its group')
    assert logins and all(under_tls and good for _, under_tls, good in logins)
    before_tls = b''.join(data for at, under_tls, data in lab.said if at == port and not under_tls)
    assert re.fullmatch(rb'(EHLO [^\r\n]+\r\nSTARTTLS\r\n)+', before_tls), before_tls
    first, again, second = [check(m.raw) for m in lab.mails]
    assert lab.mails[0].raw == lab.mails[1].raw, 'the same message on each try'
    assert first['Message-ID'] == again['Message-ID'] != second['Message-ID']
    assert first['References'] == second['References'] and first['List-Id'] == second['List-Id']
    assert first['Subject'].startswith('[vigie] ') and '« Acme » à Orléans 🇫🇷 =?utf-8?q?Bcc:_x?=' in first['Subject']
    assert all(m.sender == 'bounce@brand.example' and m.to == ['anna@brand.example', 'ben@xn--bcher-kva.example'] for m in lab.mails)
    plain, page = first.get_body(('plain',)).get_content(), first.get_body(('html',)).get_content()
    assert '*Acme*' in plain and 'acme' in plain.split('Pourquoi')[1] and '<mark' in page and 'https://site.example/1' in plain


def test_an_address_that_is_not_plain_is_refused_with_a_remedy(lab):
    lab.config(CONFIG.replace('@CA@', '/etc/ssl/certs/ca-certificates.crt').replace('@SMTP@', '25').replace('anna@', 'änna@'))
    done = lab.vigie('check', '-c', lab.config_path, check=False)
    assert done.returncode == 2 and 'not a plain ASCII one' in done.stderr
