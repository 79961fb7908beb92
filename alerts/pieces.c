#include "pieces.h"

static void add_plain(
	struct buf *out, struct span text, const struct pieces_style *s, size_t limit)
{
	(void)text_write_span(out, text, &s->text, limit);
}

static void add_faint(
	struct buf *out, struct span text, const struct pieces_style *s, size_t limit)
{
	if (span_empty(text) || !limit)
		return;
	buf_add_str(out, s->line);
	buf_add_str(out, s->faint_open);
	add_plain(out, text, s, limit);
	buf_add_str(out, s->faint_close);
}

/* A link is whole or left out. */
static void add_title(
	struct buf *out, const struct message_entry *e, const struct pieces_style *s)
{
	struct buf link = {0};
	const struct text_style as_is = {.escape = s->text.escape, .unit = s->text.unit};
	bool linked;

	(void)text_write_span(&link, e->link, &as_is, SIZE_MAX / 2);
	linked = link.n && text_units(buf_span(&link), s->text.unit) <= s->link;
	if (linked && s->link_open) {
		buf_add_str(out, s->link_open);
		buf_add(out, buf_span(&link));
		buf_add_str(out, s->link_between);
		add_plain(out, e->title.text, s, s->title);
		buf_add_str(out, s->link_close);
	} else {
		(void)text_write(out, &e->title, &s->text, s->title);
	}
	if (linked && !s->link_open) {
		buf_add_str(out, s->line);
		buf_add(out, buf_span(&link));
	}
	out->failed = out->failed || link.failed;
	buf_deinit(&link);
}

static int add_entry(struct buf *out, const struct message_entry *e, struct arena *arena,
	const struct pieces_style *s)
{
	const struct span details = dress_details(arena, e);

	if (!details.p)
		return -ENOMEM;
	add_title(out, e, s);
	if (e->excerpt.text.n && s->excerpt) {
		buf_add_str(out, s->line);
		(void)text_write(out, &e->excerpt, &s->text, s->excerpt);
	}
	add_faint(out, details, s, s->details);
	add_faint(out, e->why, s, s->why);
	return buf_result(out);
}

int pieces_write(struct buf *out, const struct message *m, struct arena *arena,
	const struct pieces_style *s, bool with_headline, size_t limit)
{
	enum { HEADLINE = 200, TAIL = 120 }; /* the last line, with its markup */
	const enum text_unit unit = s->text.unit;
	size_t used = TAIL, shown = 0;
	struct span tail;
	int r = 0;

	if (with_headline) {
		const size_t before = out->n;

		buf_add_str(out, s->strong_open);
		add_plain(out, m->headline, s, HEADLINE);
		buf_add_str(out, s->strong_close);
		buf_add_str(out, s->line);
		used += text_units(span_slice(buf_span(out), before, out->n), unit);
	}
	for (; shown < m->n_entries && r == 0; shown++) {
		struct buf piece = {0};
		size_t units;

		r = add_entry(&piece, &m->entries[shown], arena, s);
		buf_add_str(&piece, s->line);
		buf_add_str(&piece, s->line);
		units = text_units(buf_span(&piece), unit);
		if (shown && used + units > limit) {
			buf_deinit(&piece);
			break;
		}
		used += units;
		buf_add(out, buf_span(&piece));
		buf_deinit(&piece);
	}
	if (r < 0)
		return r;
	tail = dress_tail(arena, m, m->n_more + m->n_entries - shown);
	if (!tail.p)
		return -ENOMEM;
	buf_add_str(out, s->faint_open);
	add_plain(out, tail, s, TAIL / 2);
	buf_add_str(out, s->faint_close);
	return buf_result(out);
}
