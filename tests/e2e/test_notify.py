"""vigie notify test: one real message, and no secret on the screen."""
import json

import pytest

CONFIG = """
rules: [{id: acme, query: acme}]
sources: [{id: a, url: '@BASE@/feed/a'}]
receivers:
  - {id: chat, slack: {url: '@BASE@/hook/T000SECRETPATH'}}
  - {id: machine, webhook: {url: '@BASE@/hook/machine/SECRETPATH?key=SECRETQUERY', secret: 'whsec_U0VDUkVUU0VDUkVUU0VDUkVUU0VDUkVU',
      authorization: 'Bearer SECRET"TOKEN'}}
  - {id: pager, pagerduty: {routing_key: SECRETROUTINGKEY, url: '@BASE@/hook/pager'}}
  - {id: phone, telegram: {token: '12:SECRETTOKEN', chat: '7', url: '@BASE@/hook'}}
  - {id: chef, lang: fr, email: {to: [chef@brand.example, adjoint@brand.example], from: vigie@brand.example,
      smtp: 'smtp://127.0.0.1:@SMTP@'}}
routes: {receiver: chat}
"""


def test_a_chat_gets_it_and_the_path_of_its_hook_stays_secret(lab):
    lab.config(CONFIG.replace('@SMTP@', '1'))
    done = lab.vigie('notify', 'test', 'chat', '-c', lab.config_path)
    post, = lab.posts
    assert post.path == '/hook/T000SECRETPATH' and 'made up' in post.json['text']
    assert f'POST http://127.0.0.1:{lab.port}/****\n' in done.stdout
    assert post.text in done.stdout, 'the body that was shown is the one that was sent'
    assert 'Content-Type: application/json' in done.stdout
    assert ': 200\nok\n' in done.stdout and done.stdout.endswith('chat (Slack): delivered: HTTP 200: ok\n')


@pytest.mark.parametrize('receiver', ['machine', 'pager', 'phone'])
def test_secrets_are_masked_wherever_they_stand(lab, receiver):
    lab.config(CONFIG.replace('@SMTP@', '1'))
    # A platform that says back what it was told.
    for name in ('machine', 'pager', 'bot12:SECRETTOKEN', 'bot12%3ASECRETTOKEN'):
        lab.hook_answers[name] = lambda post: (200, {}, f'{{"ok": true, "status": "success", "echo": [{json.dumps(post.path)}, '
                                               f'{json.dumps(post.headers.get("authorization"))}, {json.dumps(post.text)}]}}'.encode())
    for more in ([], ['--json']):
        lab.posts.clear()
        done = lab.vigie('notify', 'test', receiver, '-c', lab.config_path, *more)
        post, = lab.posts
        assert 'SECRET' in post.path + post.text + str(post.headers), 'the secret went over the wire'
        assert 'SECRET' not in done.stdout + done.stderr and 'U0VDUkVU' not in done.stdout
        assert '****' in done.stdout
    shown = json.loads(done.stdout)
    assert shown['verdict'] == 'delivered' and shown['answer']['status'] == 200 and shown['sent']['method'] == 'POST'


def test_a_mail_is_sent_in_the_receivers_language(lab):
    lab.mail_server()
    lab.config(CONFIG)
    done = lab.vigie('notify', 'test', 'chef', '-c', lab.config_path)
    mail = lab.wait_mail()
    assert mail.to == ['chef@brand.example', 'adjoint@brand.example']
    assert 'essai' in mail.message['Subject'] + mail.message.get_body(('plain',)).get_content()
    assert 'RCPT TO:<chef@brand.example>' in done.stdout and mail.message['Message-ID'] in done.stdout


def test_a_refused_recipient_is_said(lab):
    lab.mail_server(refuse={'chef@brand.example': '550 5.1.1 no such mailbox'})
    lab.config(CONFIG)
    done = lab.vigie('notify', 'test', 'chef', '-c', lab.config_path, check=False)
    assert done.returncode == 1 and 'recipients were refused: chef@brand.example' in done.stdout


@pytest.mark.parametrize('answer, verdict', [
    ((404, {}, b'no_service'), 'would go to the dead letters'),
    ((503, {}, b'busy'), 'would be tried again'),
    ((302, {'Location': 'http://127.0.0.1:1/elsewhere'}, b''), 'would be tried again'),
    ((410, {}, b'channel_is_archived'), 'receiver gone'),
])
def test_what_is_not_taken_is_a_failure(lab, answer, verdict):
    lab.hook_answers['machine'] = lambda post: answer
    lab.config(CONFIG.replace('@SMTP@', '1'))
    done = lab.vigie('notify', 'test', 'machine', '-c', lab.config_path, check=False)
    assert done.returncode == 1 and f'machine (web hook): {verdict}' in done.stdout, done.stdout + done.stderr
    assert len(lab.posts) == 1, 'it is sent once'


def test_nobody_answers(lab):
    lab.config(CONFIG.replace('@SMTP@', '1'))
    done = lab.vigie('notify', 'test', 'chef', '-c', lab.config_path, check=False)
    assert done.returncode == 1 and 'Answer' in done.stdout and ': none' in done.stdout


def test_an_unknown_receiver_is_named_with_those_there_are(lab):
    lab.config(CONFIG.replace('@SMTP@', '1'))
    done = lab.vigie('notify', 'test', 'chatt', '-c', lab.config_path, check=False)
    assert done.returncode == 2 and 'no receiver "chatt": there are chat, machine' in done.stderr
    assert lab.vigie('notify', 'test', check=False).returncode == 2
