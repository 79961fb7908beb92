"""Names: sources are found by the name servers of the configuration, and where they lead is looked at each time."""
from lab import item
from nameserver import Nameserver

CONFIG = """
crawl: {{spacing: 0s, allow_addresses: [127.0.0.1], nameservers: ['127.0.0.1:{dns}']}}
rules:
  - {{id: acme, query: acme}}
sources:
  - {{id: paper, url: 'http://paper.example:{port}/feed/paper', every: 1s}}
  - {{id: lost, url: 'http://lost.example:{port}/feed/lost', every: 1s}}
  - {{id: inside, url: 'http://inside.example/', every: 1s}}
receivers:
  - {{id: hook, webhook: {{url: '@BASE@/hook/hook', secret: 'whsec_YSBzZWNyZXQgb2YgdGhlIGxhYiwgMzIgYnl0ZXMgb2s='}}}}
routes: {{receiver: hook, group_by: [mention]}}
"""


def errors(lab):
    return {s['id']: s['error'] for s in lab.status()['sources']}


def test_a_name_is_followed_where_it_may_lead(lab):
    names = {'paper.example': {'a': ['127.0.0.1'], 'ttl': 1},
             'inside.example': {'a': ['10.0.0.1'], 'ttl': 1}}
    with Nameserver(names) as server:
        lab.feed('paper', [item(1, 'Acme one')], headers={'Connection': 'close'})
        lab.config(CONFIG.format(dns=server.port, port=lab.port))
        lab.start()
        lab.wait_hook(lambda p: 'Acme one' in p.text)
        found = lab.wait(lambda: (lambda e: e if e['lost'] and e['inside'] else None)(errors(lab)), 'the errors')
        assert 'lost.example is not known to the DNS' in found['lost']
        assert 'inside.example leads to 10.0.0.1' in found['inside'] and 'allow_addresses' in found['inside']
        assert not found['paper']

        # The name now leads to the machine's inside: nobody is asked there.
        server.script['paper.example'] = {'a': ['127.0.0.2'], 'ttl': 1}
        found = lab.wait(lambda: (lambda e: e if e['paper'] else None)(errors(lab)), 'a refusal')
        assert 'paper.example leads to 127.0.0.2' in found['paper']


def test_other_name_servers_are_heard_of_at_a_reload(lab):
    with Nameserver({}) as ignorant, Nameserver({'paper.example': {'a': ['127.0.0.1']}}) as knowing:
        lab.feed('paper', [item(1, 'Acme one')])
        lab.config(CONFIG.format(dns=ignorant.port, port=lab.port))
        lab.start()
        lab.wait(lambda: errors(lab).get('paper'), 'an error')
        lab.config(CONFIG.format(dns=knowing.port, port=lab.port))
        lab.vigie('reload', '-c', lab.config_path)
        lab.wait_hook(lambda p: 'Acme one' in p.text)
