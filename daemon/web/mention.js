'use strict';

// One mention, where the link of an alert leads: its text, why it came, its story, and who was told.

const words = {
  en: {
    back: 'All mentions', why: 'Why it came', told: 'Who was told', receiver: 'Receiver', outcome: 'Outcome', when: 'When', delivery: 'Delivery',
    nobody: 'Nobody so far: no route leads there, or the message is still on its way.', untitled: '(untitled)', by: 'by', never: 'never',
    followers: (n) => `${n} followers`, version: (v) => `version ${v}`, none: 'by what it lacks or counts', field: { title: 'title', text: 'text', author: 'author' },
    score: (total, sum) => `Score ${total} = ${sum}`, quote: (text) => `“${text}”`, found: (at) => `found ${at}`,
    head: (n, sites) => `First of ${n} mentions of one story, on ${sites} ${sites === 1 ? 'site' : 'sites'}.`, alone: 'No copy of it was seen.',
    copy: (percent, n) => `A copy, ${percent} % alike, one of ${n} mentions of a story: `, first: 'the first of them',
    outcomes: { sent: 'told', digested: 'told in a digest', dead: 'could not be delivered', dropped: 'dropped by hand', muted: 'muted', silenced: 'silenced',
      folded: 'a copy of what is told', waiting: 'waits in its group', held: 'held back for now', digest: 'waits for the digest',
      budget: 'over budget: waits for the digest', sending: 'on its way' }, until: 'until',
    missing: 'This mention is not in the archive: it was erased, or it is older than what is kept.', away: 'The daemon does not answer.',
  },
  fr: {
    back: 'Toutes les mentions', why: 'Pourquoi elle est là', told: 'Qui a été prévenu', receiver: 'Destinataire', outcome: 'Résultat', when: 'Quand', delivery: 'Envoi',
    nobody: 'Personne pour l’instant : aucune route n’y mène, ou le message est encore en chemin.', untitled: '(sans titre)', by: 'par', never: 'jamais',
    followers: (n) => `${n} abonnés`, version: (v) => `version ${v}`, none: 'par ce qui manque ou se compte', field: { title: 'titre', text: 'texte', author: 'auteur' },
    score: (total, sum) => `Score ${total} = ${sum}`, quote: (text) => `« ${text} »`, found: (at) => `trouvée le ${at}`,
    head: (n, sites) => `Première de ${n} mentions d’une même histoire, sur ${sites} site${sites === 1 ? '' : 's'}.`, alone: 'Aucune copie n’a été vue.',
    copy: (percent, n) => `Une copie, semblable à ${percent} %, parmi ${n} mentions d’une même histoire : `, first: 'la première d’entre elles',
    outcomes: { sent: 'prévenu', digested: 'prévenu par un récapitulatif', dead: 'non remis', dropped: 'abandonné à la main', muted: 'mis en sourdine',
      silenced: 'mis en silence', folded: 'copie d’une histoire signalée', waiting: 'attend son groupe', held: 'retenue pour l’instant',
      digest: 'attend le récapitulatif', budget: 'budget épuisé : attend le récapitulatif', sending: 'en chemin' }, until: 'jusqu’à',
    missing: 'Cette mention n’est pas dans les archives : elle a été effacée, ou elle est plus ancienne que ce qui est gardé.', away: 'Le démon ne répond pas.',
  },
};
const say = words[lang];

function showRule(match) {
  const li = node('li');
  li.append(node('span', match.rule, 'rule'), ` ${[match.kind, match.brand].filter(Boolean).join(' · ')} `, node('span', say.version(match.version), 'about'));
  const spans = match.spans.map((s) => `${say.field[s.field]} ${s.start}–${s.end} ${say.quote(s.text)}`);
  li.append(node('p', spans.join(', ') || say.none));
  return li;
}

function showStory(story, key) {
  if (!story || story.mentions < 2) return [say.alone];
  if (story.id === key) return [say.head(story.mentions, story.sites)];
  const link = node('a', say.first);
  link.href = story.id;
  return [say.copy(Math.round(story.similarity * 100), story.mentions), link];
}

function showTold(one) {
  const row = node('tr');
  const good = one.outcome === 'sent' || one.outcome === 'digested';
  const outcome = node('td', say.outcomes[one.outcome] || one.outcome, one.outcome === 'dead' ? 'bad' : good ? 'good' : '');
  outcome.title = one.why || '';
  row.append(node('td', one.receiver), outcome,
    node('td', one.until ? `${moment(one.at)}, ${say.until} ${moment(one.until)}` : moment(one.at)), node('td', (one.delivery || '').slice(0, 8)));
  return row;
}

function show(mention, told) {
  const whole = (text) => Array.from(text || '').length;
  const number = (n) => Number(n).toLocaleString(lang);
  const author = mention.author && [mention.author.name, mention.author.handle].filter(Boolean).join(' ');
  at('title').replaceChildren(linked(mention, mention.title ? marked(mention.title, mention.matches, 'title', 0, whole(mention.title)) : say.untitled));
  document.title = `${mention.title || say.untitled} · vigie`;
  at('about').textContent = [mention.source, author ? `${say.by} ${author}` : '', mention.author && mention.author.followers ? say.followers(number(mention.author.followers)) : '',
    mention.published ? moment(mention.published) : say.found(moment(mention.fetched))].filter(Boolean).join(' · ');
  at('text').replaceChildren(marked(mention.text || '', mention.matches, 'text', 0, whole(mention.text)));
  at('why').replaceChildren(...mention.matches.map(showRule));
  at('score').textContent = say.score(number(mention.score), mention.matches.map((m) => `${m.rule} ${number(m.weight)}`).join(' + '));
  at('story').replaceChildren(...showStory(mention.story, mention.key));
  at('told').replaceChildren(...told.map(showTold));
  at('nobody').hidden = told.length > 0;
  at('mention').hidden = false;
}

async function look() {
  try {
    const answer = await fetch(`${location.pathname.split('/').pop()}.json`, { headers: { Accept: 'application/json' } });
    const found = await answer.json();
    if (!found.mention) throw new Error(answer.status === 404 ? 'missing' : 'away');
    show(found.mention, found.told);
  } catch (error) {
    at('trouble').hidden = false;
    at('trouble').textContent = error.message === 'missing' ? say.missing : say.away;
  }
}

begin();
look();
