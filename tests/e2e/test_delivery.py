"""What only a real mail server and a whole daemon can show of delivery."""
import itertools

from lab import item

MAIL = """
rules: [{id: acme, query: acme}]
sources: [{id: a, url: '@BASE@/feed/a', every: 1s}]
receivers:
  - {id: team, email: {to: [anna@brand.example, ben@brand.example, carl@brand.example], from: vigie@brand.example,
      smtp: 'smtp://127.0.0.1:@SMTP@'}}
routes: {receiver: team, group_by: [mention]}
"""


def test_a_recipient_who_is_busy_is_tried_alone_with_the_same_message(lab, monkeypatch):
    monkeypatch.setenv('VIGIE_TEST_RETRY_SCALE', '1000')
    busy = itertools.chain(['451 4.2.1 busy', '452 4.2.2 full'], itertools.repeat(None))
    lab.mail_server(refuse={'ben@brand.example': lambda: next(busy), 'carl@brand.example': '550 5.1.1 no such mailbox'})
    lab.feed('a', [item(1, 'Acme one')])
    lab.config(MAIL)
    lab.start()
    first = lab.wait_mail(lambda m: 'anna@brand.example' in m.to)
    second = lab.wait_mail(lambda m: 'ben@brand.example' in m.to)
    assert first.to == ['anna@brand.example'] and second.to == ['ben@brand.example']
    assert first.message['Message-ID'] == second.message['Message-ID']
    assert first.message['Date'] and first.message['Subject'] == second.message['Subject']
    # The one who is not there is refused for good, and the dead letter says so.
    lab.wait_log('post.dead')
    lab.wait(lambda: '550' in lab.vigie('deliveries', '-c', lab.config_path).stdout, 'the dead letter')
    lab.settle(0)
    assert len(lab.mails) == 2
