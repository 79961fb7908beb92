#include "excerpt.h"

#include "vigie/utf8.h"

struct span excerpt_field(struct arena *arena, const struct item *item, enum item_field field)
{
	const struct item_author *a = &item->author;

	if (field == FIELD_TITLE)
		return item->title.p ? item->title : SPAN("");
	if (field == FIELD_TEXT)
		return item->text.p ? item->text : SPAN("");
	if (span_empty(a->handle))
		return a->name.p ? a->name : SPAN("");
	if (span_empty(a->name))
		return a->handle;
	return arena_printf(arena, "%.*s %.*s", SPAN_ARG(a->name), SPAN_ARG(a->handle));
}

static bool is_tail(struct span text, size_t at)
{
	return at < text.n && ((unsigned char)text.p[at] & 0xC0) == 0x80;
}

static int by_start(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

int excerpt_marks(struct marked *ret, struct arena *arena, const struct hit *hit,
	enum item_field field, struct span text)
{
	size_t most = 0, n = 0, kept = 0;
	struct mark *marks;

	for (size_t i = 0; i < hit->n_matches; i++)
		most += hit->matches[i].n_spans;
	marks = arena_calloc(arena, most + 1, sizeof(*marks));
	if (!marks)
		return -ENOMEM;
	for (size_t i = 0; i < hit->n_matches; i++) {
		for (size_t k = 0; k < hit->matches[i].n_spans; k++) {
			const struct match_span *s = &hit->matches[i].spans[k];
			struct mark m = {s->start, s->end < text.n ? s->end : text.n};

			if (s->field != field)
				continue;
			while (m.start && is_tail(text, m.start))
				m.start--;
			while (is_tail(text, m.end))
				m.end++;
			if (m.start < m.end)
				marks[n++] = m;
		}
	}
	qsort(marks, n, sizeof(*marks), by_start);
	for (size_t i = 0; i < n; i++) {
		if (kept && marks[i].start <= marks[kept - 1].end) {
			if (marks[i].end > marks[kept - 1].end)
				marks[kept - 1].end = marks[i].end;
		} else {
			marks[kept++] = marks[i];
		}
	}
	*ret = (struct marked){text, marks, kept};
	return 0;
}

static size_t forward(struct span text, size_t at, size_t points)
{
	for (; points && at < text.n; points--)
		(void)utf8_next(text, &at);
	return at;
}

static size_t back_one(struct span text, size_t at)
{
	do
		at--;
	while (at && is_tail(text, at));
	return at;
}

static size_t back(struct span text, size_t at, size_t points)
{
	for (; points && at; points--)
		at = back_one(text, at);
	return at;
}

/* The code point behind `at`. */
static uint32_t peek(struct span text, size_t at)
{
	return at < text.n ? utf8_next(text, &at) : 0;
}

/* Not inside a picture or letter of several code points. */
static size_t whole(struct span text, size_t at)
{
	while (at && at < text.n &&
		!text_may_cut(peek(text, back_one(text, at)), peek(text, at)))
		at = back_one(text, at);
	return at;
}

/* Where a window that may begin at `at`, and must before `latest`, begins best: behind a space.
 */
static size_t begin_at(struct span text, size_t at, size_t latest)
{
	for (size_t i = at; i && i < latest; i = forward(text, i, 1))
		if (text_is_space(peek(text, back_one(text, i))))
			return i;
	return whole(text, at);
}

/* Where one that may end at `at`, and must behind `earliest`, ends best: before a space. */
static size_t end_at(struct span text, size_t at, size_t earliest)
{
	for (size_t i = at; i > earliest && i < text.n; i = back_one(text, i))
		if (text_is_space(peek(text, i)))
			return i;
	return whole(text, at);
}

void excerpt_window(
	size_t *ret_start, size_t *ret_end, const struct marked *text, size_t points)
{
	/* A fourth of the room is for what leads up to the first mark; a text of nothing but
	 * matches is judged by its beginning. */
	enum { LEAD_SHARE = 4, EDGE_POINTS = 24, MARKS_LOOKED_AT = 500 };
	size_t start = 0, first = 0, most = 0, end;

	for (size_t i = 0; i < text->n_marks && i < MARKS_LOOKED_AT; i++) {
		const size_t from = back(text->text, text->marks[i].start, points / LEAD_SHARE);
		const size_t to = forward(text->text, from, points);
		size_t k = i;

		while (k < text->n_marks && text->marks[k].end <= to)
			k++;
		if (i == 0 || k - i > most) {
			most = k - i;
			start = from;
			first = text->marks[i].start;
		}
	}
	start = begin_at(text->text, start, first);
	end = forward(text->text, start, points);
	if (end < text->text.n)
		end = end_at(text->text, end, back(text->text, end, EDGE_POINTS));
	*ret_start = start;
	*ret_end = end;
}

int excerpt_make(
	struct marked *ret, struct arena *arena, const struct marked *text, size_t points)
{
	static const struct span dots = {"\xE2\x80\xA6", 3};
	struct mark *inside = arena_calloc(arena, text->n_marks + 1, sizeof(*inside));
	struct marked cut = {.marks = inside};
	size_t start, end, lead;
	char *whole_text;
	struct mark *marks;

	if (!inside)
		return -ENOMEM;
	excerpt_window(&start, &end, text, points);
	cut.text = span_slice(text->text, start, end);
	for (size_t i = 0; i < text->n_marks; i++) {
		struct mark m = text->marks[i];

		m.start = m.start > start ? m.start - start : 0;
		m.end = m.end < end ? m.end : end;
		if (m.end > start + m.start)
			inside[cut.n_marks++] = (struct mark){m.start, m.end - start};
	}
	if (text_clean(&cut, arena, &cut, TEXT_LINE) < 0)
		return -ENOMEM;
	whole_text = arena_alloc(arena, cut.text.n + 2 * dots.n + 1);
	marks = arena_calloc(arena, cut.n_marks + 1, sizeof(*marks));
	if (!whole_text || !marks)
		return -ENOMEM;
	lead = start && cut.text.n ? dots.n : 0;
	memcpy(whole_text, dots.p, lead);
	memcpy(whole_text + lead, cut.text.p, cut.text.n);
	*ret = (struct marked){{whole_text, lead + cut.text.n}, marks, cut.n_marks};
	if (end < text->text.n && cut.text.n) {
		memcpy(whole_text + ret->text.n, dots.p, dots.n);
		ret->text.n += dots.n;
	}
	whole_text[ret->text.n] = '\0';
	for (size_t i = 0; i < cut.n_marks; i++)
		marks[i] = (struct mark){cut.marks[i].start + lead, cut.marks[i].end + lead};
	return 0;
}
