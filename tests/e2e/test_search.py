"""vigie search gives the answers that a rule with the same query gives (vigie match over the export)."""
import json
import random
import subprocess

import lab

TEXTS = [
    'Air France annule trente vols', 'AIRFRANCE recrute', 'Un cœur à prendre chez Æthelred', 'Straße gesperrt wegen Acme',
    'A\u00adir France s\'excuse', '東京の空港', 'ﬁnance et ＡＣＭＥ', 'foo_bar baz', '#acme @acme $acme', 'l’Oréal, c\'est bien',
    'e\u0301tat d\'urgence', 'x² + 1', 'œuvre d\'art 🛫 décollage', 'Coca-Cola & co', 'Малый аэропорт', 'rembourser, remboursement',
    'acme a b c d e f lyon', 'Acme "quoted" — dash … dots', 'naïve façade ŁÓDŹ', 'nothing at all',
]
QUERIES = [
    'acme', 'air france', '"air france"', 'coeur', 'aethelred', 'strasse', '東京', '京', 'finance', 'foo_bar', 'foo', '#acme',
    'oreal', '=Acme', '=ACME', 'etat', 'x2', 'oeuvre', '🛫', '"coca cola"', 'аэропорт', 'rembours*', '*bourser', 'acme NEAR/6 lyon',
    '/ac.e/i', 'acme NOT lyon', '2 OF (acme, lyon, dash)', 'lodz', 'naive OR facade', 'title:acme', 'author:ann', 'site:a.example',
    'likes:>3', 'lang:fr acme', 'source:one', 'acme OR site:b.example', 'fo*', 'f?o_bar', '_*ar', 'malyi', 'малыи', '="état"',
]


def mention(i, rng):
    title, text = rng.choice(TEXTS), ' '.join(rng.sample(TEXTS, rng.randint(0, 2)))
    return {'id': f'item-{i}', 'title': title, 'text': text, 'url': f'https://{rng.choice("ab")}.example/{i}',
            'author': {'name': rng.choice(['Ann', 'Bob', 'Ånn ᴀ']), 'handle': '@' + rng.choice(['ann', 'bob'])},
            'numbers': {}, 'engagement': {'likes': rng.randint(0, 9)}, 'lang': rng.choice(['fr', 'en', 'fr-CA'])}


def test_search_answers_as_the_rules_do(tmp_path):
    rng = random.Random(7)
    state = tmp_path / 'state'
    lab.fill_archive(state, [mention(i, rng) for i in range(300)])
    export = lab.vigie('export', '--state', state).stdout
    assert len(export.splitlines()) == 300
    found = 0
    for query in QUERIES:
        rules = tmp_path / 'rules.json'
        rules.write_text(json.dumps({'rules': [{'id': 'q', 'query': query}]}))
        live = subprocess.run([lab.VIGIE, 'match', '--rules', rules], input=export, capture_output=True, text=True, check=True)
        wanted = {json.loads(line)['doc'] for line in live.stdout.splitlines()}
        asked = lab.vigie('search', '--json', '--limit', '0', '--state', state, '--', query)
        assert {json.loads(line)['id'] for line in asked.stdout.splitlines()} == wanted, query
        found += bool(wanted)
    assert found >= 30
