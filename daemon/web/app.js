'use strict';

// The dashboard: asks /status and /mentions every few seconds and shows what they say. Text from
// outside only ever becomes text nodes.

const words = {
  en: {
    mentions: 'Latest mentions', noMention: 'No mention yet: vigie is reading.', sources: 'Sources', source: 'Source',
    read: 'Read', items: 'Items', hits: 'Hits', condition: 'Condition', ok: 'ok', waiting: 'not read yet',
    rules: 'Rules', mentionsFiled: 'Mentions filed', fetches: 'Fetches', failing: 'Failing sources', pending: 'On their way',
    dead: 'Dead letters', up: (since) => `watching since ${since}`, away: 'The daemon does not answer.', never: 'never', by: 'by',
    copies: (n, sites) => `+${n} ${n === 1 ? 'copy' : 'copies'}${sites > 1 ? ` on ${sites} sites` : ''}`,
    copy: (percent) => `copy, ${percent} % alike`,
  },
  fr: {
    mentions: 'Dernières mentions', noMention: 'Pas encore de mention : vigie lit.', sources: 'Sources', source: 'Source',
    read: 'Lue', items: 'Articles', hits: 'Mentions', condition: 'État', ok: 'ok', waiting: 'pas encore lue',
    rules: 'Règles', mentionsFiled: 'Mentions archivées', fetches: 'Lectures', failing: 'Sources en échec', pending: 'En cours d’envoi',
    dead: 'Non remis', up: (since) => `veille depuis ${since}`, away: 'Le démon ne répond pas.', never: 'jamais', by: 'par',
    copies: (n, sites) => `+${n} copie${n === 1 ? '' : 's'}${sites > 1 ? ` sur ${sites} sites` : ''}`,
    copy: (percent) => `copie, semblable à ${percent} %`,
  },
};
const say = words[lang];

function ago(text) {
  if (!text) return say.never;
  const seconds = Math.round((Date.parse(text) - Date.now()) / 1000);
  const units = [['second', 1], ['minute', 60], ['hour', 3600], ['day', 86400]];
  const [unit, size] = units.filter(([, s]) => Math.abs(seconds) >= s).pop() || units[0];
  return new Intl.RelativeTimeFormat(lang, { numeric: 'auto', style: 'short' }).format(Math.round(seconds / size), unit);
}

function excerpt(mention) {
  const length = Array.from(mention.text || '').length;
  const first = mention.matches.flatMap((m) => m.spans).filter((s) => s.field === 'text').map((s) => s.start).sort((a, b) => a - b)[0] || 0;
  const from = first > 160 ? first - 120 : 0;
  const to = Math.min(length, from + 320);
  const p = node('p');
  p.append(from ? '…' : '', marked(mention.text || '', mention.matches, 'text', from, to), to < length ? '…' : '');
  return p;
}

function showMention(mention) {
  const li = node('li');
  const title = node('h3');
  const text = marked(mention.title || '', mention.matches, 'title', 0, Array.from(mention.title || '').length);
  title.append(linked(mention, mention.title ? text : mention.url || ''));
  const about = node('p', undefined, 'about');
  const author = mention.author && (mention.author.name || mention.author.handle);
  const page = node('a', moment(mention.published || mention.fetched));
  page.href = `mentions/${mention.key}`;
  about.append([mention.source, author ? `${say.by} ${author}` : '', ''].filter(Boolean).join(' · '), ' · ', page, ' ');
  for (const match of mention.matches) about.append(' ', node('span', match.rule, 'rule'));
  const story = mention.story;
  if (story && story.mentions > 1) {
    about.append(' ', node('span', story.why === 'head' ? say.copies(story.mentions - 1, story.sites) : say.copy(Math.round(story.similarity * 100)), 'story'));
  }
  li.append(title, excerpt(mention), about);
  return li;
}

function showSource(source) {
  const row = node('tr');
  const state = source.error ? [source.mark, source.error].filter(Boolean).join(': ') : source.mark || (source.last_try ? say.ok : say.waiting);
  row.append(node('td', source.id), node('td', ago(source.last_read)), node('td', source.items, 'number'), node('td', source.hits, 'number'),
    node('td', state, source.error ? 'bad' : source.last_try ? 'good' : ''));
  return row;
}

function showFigures(status) {
  const deliveries = status.deliveries || {};
  const figures = [[say.mentionsFiled, status.archive.mentions], [say.rules, status.rules], [say.sources, status.crawl.sources],
    [say.failing, status.crawl.failing], [say.fetches, status.crawl.fetches], [say.pending, (deliveries.waiting || 0) + (deliveries.parked || 0)], [say.dead, deliveries.dead || 0]];
  at('figures').replaceChildren(...figures.map(([name, value]) => {
    const box = node('div');
    box.append(node('dt', name), node('dd', Number(value || 0).toLocaleString(lang)));
    return box;
  }));
}

async function ask(path) {
  const answer = await fetch(path, { headers: { Accept: 'application/json' } });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

async function look() {
  try {
    const [status, mentions] = await Promise.all([ask('status'), ask('mentions')]);
    at('state').textContent = say.up(moment(status.started));
    at('trouble').hidden = !status.trouble;
    at('trouble').textContent = status.trouble || '';
    showFigures(status);
    at('mentions').replaceChildren(...mentions.map(showMention));
    at('no-mention').hidden = mentions.length > 0;
    const order = status.sources.sort((a, b) => Boolean(b.error) - Boolean(a.error) || a.id.localeCompare(b.id)).slice(0, 500);
    at('sources').replaceChildren(...order.map(showSource));
  } catch (error) {
    at('state').textContent = '';
    at('trouble').hidden = false;
    at('trouble').textContent = say.away;
  }
  setTimeout(look, document.hidden ? 15000 : 3000);
}

begin();
look();
