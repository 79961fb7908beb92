"""channels.py: one receiver of each channel, as a configuration has it, and how its messages are checked and told apart."""
import platforms

KEYS = ['whsec_' + c * 32 for c in 'AB']
# @URL@ is the stand-in's /hook/NAME.
FIELDS = {
    'slack': "slack: {url: '@URL@'}",
    'slack_bot': "slack: {url: '@URL@', token: xoxb-1, channel: '#news'}",
    'teams': "teams: {url: '@URL@?sig=teamssig'}",
    'discord': "discord: {url: '@URL@'}",
    'mattermost': "lang: fr, mattermost: {url: '@URL@'}",
    'googlechat': "googlechat: {url: '@URL@?key=AIza&token=gtoken'}",
    'telegram': "lang: fr, telegram: {token: '12:AAtelegram', chat: '-7', url: '@URL@'}",
    'matrix': "matrix: {url: '@URL@', token: syt_matrix, room: '!a:b.example'}",
    'ntfy': "ntfy: {topic: t, url: '@URL@'}",
    'pagerduty': "pagerduty: {routing_key: 0123456789abcdef0123456789abcdef, url: '@URL@'}",
    'alertmanager': "alertmanager: {url: '@URL@'}",
    'webhook': f"webhook: {{url: '@URL@', secret: '{KEYS[0]}', old_secret: '{KEYS[1]}'}}",
}
CHANNELS = list(FIELDS)
assert set(CHANNELS) == set(platforms.CHECKS) == set(platforms.YES)


def receiver(channel, base='@BASE@', id_=None, more=''):
    """A line of `receivers:`; what it is sent arrives at /hook/ID."""
    id_ = id_ or channel
    return f"  - {{id: {id_}, {more}{FIELDS[channel].replace('@URL@', f'{base}/hook/{id_}')}}}\n"


def key_of(channel, post):
    """What tells the platform, or who reads, that it is the same message again."""
    if channel == 'matrix':
        return post.path.rsplit('/', 1)[1]
    if channel == 'webhook':
        return post.headers['webhook-id']
    return post.json['dedup_key'] if channel == 'pagerduty' else post.text


def check(channel, post):
    return platforms.check(channel, post, **({'secrets': KEYS} if channel == 'webhook' else {}))


def yes(channel):
    status, body = platforms.YES[channel]
    return status, {}, body.encode()
