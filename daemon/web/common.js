'use strict';

// What the pages share. Text from outside only ever becomes text nodes. Each page has its `words`, and
// `say`, those of the reader's language.

const lang = navigator.language.startsWith('fr') ? 'fr' : 'en';
const at = (id) => document.getElementById(id);

function node(tag, text, className) {
  const it = document.createElement(tag);
  if (text !== undefined) it.textContent = text;
  if (className) it.className = className;
  return it;
}

function moment(text) {
  return text ? new Date(text).toLocaleString(lang, { dateStyle: 'short', timeStyle: 'short' }) : say.never;
}

// Text with the matched words of one field marked; offsets are code points.
function marked(text, matches, field, from, to) {
  const points = Array.from(text);
  const spans = matches.flatMap((m) => m.spans).filter((s) => s.field === field && s.start < s.end).sort((a, b) => a.start - b.start);
  const out = document.createDocumentFragment();
  let i = from;
  for (const span of spans) {
    if (span.start < i || span.end > to) continue;
    out.append(points.slice(i, span.start).join(''), node('mark', points.slice(span.start, span.end).join('')));
    i = span.end;
  }
  out.append(points.slice(i, to).join(''));
  return out;
}

// The way to the post itself, for web addresses alone.
function linked(mention, what) {
  const out = document.createDocumentFragment();
  if (/^https?:\/\//i.test(mention.url || '')) {
    const link = node('a');
    link.href = mention.url;
    link.rel = 'noopener noreferrer nofollow';
    link.append(what);
    out.append(link);
  } else {
    out.append(what);
  }
  return out;
}

function begin() {
  document.documentElement.lang = lang;
  document.querySelectorAll('[data-say]').forEach((it) => { it.textContent = say[it.dataset.say]; });
}
