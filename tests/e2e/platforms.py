"""platforms.py: what each platform asks of a message, checked as the platform would. A stand-in for
all of them: check(channel, post) returns what is wrong with a request, an empty list when nothing is.
The limits are those of the platforms' own manuals; each channel's file in alerts/ names its source.
"""
import base64
import hashlib
import hmac
import html.parser
import json
import re

WEB = re.compile(r'https?://[^\s<>"]+\Z')
BIDI = re.compile('[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]')


class Html(html.parser.HTMLParser):
    """The tags of a text; wrong: those not allowed, wrongly nested, or with a target of their own."""

    def __init__(self, text, allowed):
        super().__init__(convert_charrefs=True)
        self.allowed, self.open, self.wrong, self.text = allowed, [], [], ''
        self.feed(text)
        self.close()
        self.wrong += [f'<{t}> stays open' for t in self.open]

    def handle_starttag(self, tag, attrs):
        if tag not in self.allowed:
            self.wrong.append(f'<{tag}>')
        for name, value in attrs:
            if name != 'href' or not WEB.match(value or ''):
                self.wrong.append(f'{tag} {name}={value!r}')
        if tag != 'br':
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f'</{tag}> where it does not belong')

    def handle_data(self, data):
        self.text += data


def strings(value):
    """All strings in a JSON value."""
    if isinstance(value, str):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from strings(one)


class Wrong(list):
    def at_most(self, text, limit, what):
        if len(text.encode('utf-16-le')) // 2 > limit:
            self.append(f'{what}: more than {limit} characters')

    def must(self, condition, what):
        if not condition:
            self.append(what)

    def web(self, url, what):
        self.must(WEB.match(url or ''), f'{what}: no web address: {url!r}')


def slack(w, post, body):
    w.must(body.get('text'), 'no text for notifications')
    w.at_most(body['text'], 40000, 'text')
    blocks = body['blocks']
    w.must(len(blocks) <= 50, 'more than 50 blocks')
    w.must(len(json.dumps(blocks, ensure_ascii=False)) < 13200, 'blocks longer than 13,200 in all')
    w.must('link_names' not in body, 'link_names')
    texts = []
    for block in blocks:
        kind = block['type']
        if kind == 'header':
            w.must(block['text']['type'] == 'plain_text', 'a header is plain text')
            w.at_most(block['text']['text'], 150, 'header')
        elif kind == 'section':
            w.must(1 <= len(block['text']['text']), 'an empty section')
            w.at_most(block['text']['text'], 3000, 'section')
            texts.append(block['text'])
        elif kind == 'context':
            w.must(len(block['elements']) <= 10, 'more than 10 elements')
            texts += block['elements']
        elif kind == 'actions':
            w.must(len(block['elements']) <= 25, 'more than 25 actions')
            for button in block['elements']:
                w.at_most(button['text']['text'], 75, 'button')
                w.web(button['url'], 'button')
    for text in [t['text'] for t in texts if t['type'] == 'mrkdwn'] + [body['text']]:
        for control in re.findall('<([^>]*)>?', text):
            w.must(re.fullmatch(r'https?://[^|<>\s]+(\|[^|<>]*)?', control), f'a control sequence: <{control}>')
        w.must(not re.search('&(?!amp;|lt;|gt;)', text), 'a bare &')


def slack_bot(w, post, body):
    slack(w, post, body)
    w.must(body.get('channel') and post.headers.get('authorization', '').startswith('Bearer xox'), 'channel or token')


def teams(w, post, body):
    w.must(len(post.body) <= 28 * 1024, 'more than 28 KB')
    card = body['attachments'][0]
    w.must(body['type'] == 'message' and card['contentType'] == 'application/vnd.microsoft.card.adaptive', 'no card')
    w.must(card['content']['type'] == 'AdaptiveCard' and card['content']['version'] in ('1.2', '1.3', '1.4'), 'version')
    w.must('<at>' not in post.text, '<at>')

    def walk(node):
        if isinstance(node, dict):
            if node.get('type') == 'TextBlock':
                w.must(node.get('wrap') is True, 'a text block that does not wrap')
                w.must(not re.search(r'\]\(|<', node['text']), f'markup: {node["text"]!r}')
            if str(node.get('type', '')).startswith('Action.'):
                w.must(node['type'] == 'Action.OpenUrl', node['type'])
                w.web(node['url'], 'action')
        for one in node.values() if isinstance(node, dict) else node if isinstance(node, list) else []:
            walk(one)
    walk(card['content'])


def discord(w, post, body):
    w.must('wait=true' in post.path, 'no wait: errors stay unknown')
    w.must(body.get('allowed_mentions') == {'parse': []}, 'mentions are allowed')
    w.at_most(body.get('content', ''), 2000, 'content')
    embeds = body.get('embeds', [])
    w.must(len(embeds) <= 10, 'more than 10 embeds')
    total, urls = 0, []
    for embed in embeds:
        parts = {'title': (embed.get('title', ''), 256), 'description': (embed.get('description', ''), 4096),
                 'footer': (embed.get('footer', {}).get('text', ''), 2048), 'author': (embed.get('author', {}).get('name', ''), 256)}
        for what, (text, limit) in parts.items():
            w.at_most(text, limit, what)
            total += len(text.encode('utf-16-le')) // 2
        w.must(isinstance(embed.get('color', 0), int), 'color')
        if 'url' in embed:
            w.web(embed['url'], 'embed')
            urls.append(embed['url'])
    w.must(total <= 6000, 'more than 6,000 characters in the embeds')
    w.must(len(urls) == len(set(urls)), 'embeds that are drawn as one')


def mattermost(w, post, body):
    w.at_most(body['text'], 16383, 'text')
    for text in strings(body):
        w.must(not re.search(r'@(all|channel|here)\b', text, re.I), f'pings everybody: {text[:60]!r}')
        w.must(not re.search(r'<!', text), f'a Slack mention: {text[:60]!r}')
    for one in body.get('attachments', []):
        if 'title_link' in one:
            w.web(one['title_link'], 'title_link')


def googlechat(w, post, body):
    w.must(len(post.body) <= 32000, 'more than 32,000 bytes')
    w.must('messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD' in post.path, 'no thread')
    w.must(body['thread']['threadKey'], 'no thread key')
    w.must('<users/' not in post.text, 'a mention')
    for text in strings(body['cardsV2']):
        for target in re.findall('href="([^"]*)"', text):
            w.web(target.replace('&amp;', '&'), 'link')


def telegram(w, post, body):
    w.must(post.path.endswith('/sendMessage'), post.path)
    w.must(body['parse_mode'] == 'HTML' and body['link_preview_options'] == {'is_disabled': True}, 'mode')
    page = Html(body['text'], {'b', 'i', 'u', 's', 'a', 'code', 'pre', 'blockquote'})
    w += page.wrong
    w.at_most(page.text, 4096, 'text')
    w.must(not re.search('&(?!amp;|lt;|gt;|quot;|#)', body['text']), 'a bare &')


def matrix(w, post, body):
    w.must(post.method == 'PUT' and re.search('/_matrix/client/v3/rooms/[^/]+/send/m.room.message/[0-9a-z]+\\Z', post.path), post.path)
    w.must(post.headers.get('authorization', '').startswith('Bearer '), 'no token')
    w.must(body['msgtype'] == 'm.notice' and body['format'] == 'org.matrix.custom.html', 'type')
    w.must(body['m.mentions'] == {}, 'pings somebody')
    w.must(len(post.body) < 60000, 'more than an event holds')
    w += Html(body['formatted_body'], {'b', 'strong', 'em', 'a', 'p', 'br', 'h4', 'blockquote', 'code', 'small', 'ul', 'li', 'sub', 'i', 'u'}).wrong


def ntfy(w, post, body):
    w.must(re.fullmatch('[-_A-Za-z0-9]{1,64}', body['topic']), 'topic')
    w.must(len(body['message'].encode()) <= 4096, 'more than 4,096 bytes')
    w.must(body.get('priority', 3) in range(1, 6), 'priority')
    w.must(len(body.get('actions', [])) <= 3, 'more than 3 actions')
    w.must(all(isinstance(t, str) for t in body.get('tags', [])), 'tags')
    if 'click' in body:
        w.web(body['click'], 'click')


def pagerduty(w, post, body):
    w.must(len(body['routing_key']) == 32 and body['event_action'] in ('trigger', 'acknowledge', 'resolve'), 'key or action')
    w.must(0 < len(body['dedup_key']) <= 255, 'dedup_key')
    payload = body['payload']
    w.at_most(payload['summary'], 1024, 'summary')
    w.must(payload['summary'] and payload['source'] and payload['severity'] in ('critical', 'error', 'warning', 'info'), 'payload')
    w.must(len(post.body) <= 512 * 1024, 'more than 512 KB')
    for link in body.get('links', []):
        w.web(link['href'], 'link')


def alertmanager(w, post, body):
    w.must(post.path.endswith('/api/v2/alerts') and isinstance(body, list) and body, 'no list of alerts')
    for alert in body:
        w.must(alert['labels']['alertname'], 'no alertname')
        w.must(all(re.fullmatch('[a-zA-Z_][a-zA-Z0-9_]*', k) and v for k, v in alert['labels'].items()), 'labels')
        w.must(re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z', alert['startsAt']), 'startsAt')
        if 'generatorURL' in alert:
            w.web(alert['generatorURL'], 'generatorURL')


def webhook(w, post, body, secrets=()):
    id_, at = post.headers['webhook-id'], post.headers['webhook-timestamp']
    w.must('.' not in id_ and abs(int(at) - post.at) < 60, 'id or timestamp')
    w.must(len(post.body) < 20000, 'more than 20 KB')
    w.must(re.fullmatch(r'[a-zA-Z0-9_]+(\.[a-zA-Z0-9_]+)*', body['type']) and body['timestamp'] and 'data' in body, 'type, timestamp, data')
    signed = f'{id_}.{at}.'.encode() + post.body
    want = ['v1,' + base64.b64encode(hmac.new(base64.b64decode(s[len('whsec_'):]), signed, hashlib.sha256).digest()).decode() for s in secrets]
    w.must(post.headers.get('webhook-signature', '').split() == want, 'signature')


CHECKS = {f.__name__: f for f in (slack, slack_bot, teams, discord, mattermost, googlechat, telegram, matrix, ntfy, pagerduty, alertmanager, webhook)}

# How each says yes.
YES = {'slack': (200, 'ok'), 'slack_bot': (200, '{"ok":true,"ts":"1.2"}'), 'teams': (202, ''), 'discord': (200, '{"id":"1"}'), 'mattermost': (200, 'ok'),
       'googlechat': (200, '{"name":"spaces/a/messages/b"}'), 'telegram': (200, '{"ok":true,"result":{}}'),
       'matrix': (200, '{"event_id":"$1"}'), 'ntfy': (200, '{"id":"x"}'), 'pagerduty': (202, '{"status":"success"}'),
       'alertmanager': (200, ''), 'webhook': (204, '')}


def check(channel, post, **more):
    wrong = Wrong()
    try:
        body = json.loads(post.body)
        wrong.must(post.headers.get('content-type', '').startswith('application/json'), 'content type')
        if channel != 'webhook':  # the program gets what was written, people what can be read
            wrong.must(not any(BIDI.search(s) for s in strings(body)), 'a character that turns the line round')
        CHECKS[channel](wrong, post, body, **more)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        wrong.append(f'not of its shape: {error!r}')
    return list(wrong)
