#include "text.h"

#include "vigie/utf8.h"

struct range {
	uint32_t first;
	uint32_t last;
};

static bool in_ranges(uint32_t c, const struct range *ranges, size_t n)
{
	for (size_t i = 0; i < n && c >= ranges[i].first; i++)
		if (c <= ranges[i].last)
			return true;
	return false;
}

#define IN(c, ranges) in_ranges((c), (ranges), sizeof(ranges) / sizeof(*(ranges)))

/* Unicode 15 DerivedCoreProperties.txt, Default_Ignorable_Code_Point, without U+FE00..FE0F. */
static const struct range invisible[] = {{0x00AD, 0x00AD}, {0x034F, 0x034F}, {0x061C, 0x061C},
	{0x115F, 0x1160}, {0x17B4, 0x17B5}, {0x180B, 0x180F}, {0x200B, 0x200F},
	{0x202A, 0x202E}, {0x2060, 0x206F}, {0x3164, 0x3164}, {0xFEFF, 0xFEFF},
	{0xFFA0, 0xFFA0}, {0xFFF0, 0xFFF8}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A},
	{0xE0000, 0xE0FFF}};

/* UAX #9: the explicit embeddings, overrides and isolates, and the implicit marks. */
static const struct range bidi[] = {
	{0x061C, 0x061C}, {0x200E, 0x200F}, {0x202A, 0x202E}, {0x2066, 0x2069}};

/* What clings to the code point before it: combining marks of the common blocks, joiners,
 * variation selectors, skin tones, keycaps, tags. */
static const struct range clinging[] = {{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD},
	{0x064B, 0x065F}, {0x0900, 0x0903}, {0x093A, 0x094F}, {0x0E31, 0x0E31},
	{0x0E34, 0x0E3A}, {0x0E47, 0x0E4E}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},
	{0x200C, 0x200D}, {0x20D0, 0x20FF}, {0x3099, 0x309A}, {0xFE00, 0xFE0F},
	{0xFE20, 0xFE2F}, {0x1F3FB, 0x1F3FF}, {0xE0020, 0xE007F}};

bool text_is_space(uint32_t c)
{
	return c <= 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x1680 ||
	       (c >= 0x2000 && c <= 0x200A && c != 0x2007) || c == 0x2028 || c == 0x2029 ||
	       c == 0x205F || c == 0x3000;
}

bool text_is_word(uint32_t c)
{
	static const struct range not_word[] = {{0, '0' - 1}, {'9' + 1, 'A' - 1},
		{'Z' + 1, 'a' - 1}, {'z' + 1, 0xA9}, {0xAB, 0xB4}, {0xB6, 0xB9}, {0xBB, 0xBF},
		{0xD7, 0xD7}, {0xF7, 0xF7}, {0x2000, 0x206F}, {0x2190, 0x2BFF},
		{0x3000, 0x3004}, {0x3008, 0x3020}, {0xFE10, 0xFE1F}, {0xFE30, 0xFE6F},
		{0xFF00, 0xFF0F}, {0x1F000, 0x1FAFF}};

	return !IN(c, not_word);
}

bool text_may_cut(uint32_t before, uint32_t after)
{
	const bool flags =
		before >= 0x1F1E6 && before <= 0x1F1FF && after >= 0x1F1E6 && after <= 0x1F1FF;

	return before != 0x200D && !flags && !IN(after, clinging);
}

static bool dropped(uint32_t c, enum text_clean how)
{
	return how == TEXT_HEADING ? IN(c, invisible) : IN(c, bidi);
}

int text_clean(
	struct marked *ret, struct arena *arena, const struct marked *text, enum text_clean how)
{
	enum { NO_MARK = -1 };
	/* Never longer than the original: a space takes the place of at least one byte. */
	char *out = arena_alloc(arena, text->text.n + 1);
	struct mark *marks = arena_calloc(arena, text->n_marks + 1, sizeof(*marks));
	int64_t current = NO_MARK;
	size_t n = 0, m = 0;
	bool space = false;

	if (!out || !marks)
		return -ENOMEM;
	for (size_t i = 0, k = 0; i < text->text.n;) {
		const size_t at = i;
		const uint32_t c = utf8_next(text->text, &i);
		int64_t mine = NO_MARK;

		while (k < text->n_marks && text->marks[k].end <= at)
			k++;
		if (dropped(c, how))
			continue;
		if (text_is_space(c)) {
			space = n > 0;
			continue;
		}
		if (k < text->n_marks && text->marks[k].start < i)
			mine = (int64_t)k;
		if (current != NO_MARK && current != mine)
			marks[m - 1].end = n;
		if (space)
			out[n++] = ' ';
		space = false;
		/* Marks that touch once what was between them is gone are one. */
		if (mine != NO_MARK && mine != current && !(m && marks[m - 1].end == n))
			marks[m++].start = n;
		current = mine;
		memcpy(out + n, text->text.p + at, i - at);
		n += i - at;
	}
	if (current != NO_MARK)
		marks[m - 1].end = n;
	out[n] = '\0';
	*ret = (struct marked){{out, n}, marks, m};
	return 0;
}

struct span text_heading(struct arena *arena, struct span text)
{
	const struct marked in = {.text = text};
	struct marked out;

	return text_clean(&out, arena, &in, TEXT_HEADING) < 0 ? SPAN_NONE : out.text;
}

size_t text_put(char *out, const char *with)
{
	const size_t n = strlen(with);

	memcpy(out, with, n);
	return n;
}

size_t text_escape_none(char out[TEXT_ESCAPE_MAX], const struct text_point *point)
{
	return utf8_encode(out, point->c);
}

size_t text_escape_html(char out[TEXT_ESCAPE_MAX], const struct text_point *point)
{
	switch (point->c) {
	case '&':
		return text_put(out, "&amp;");
	case '<':
		return text_put(out, "&lt;");
	case '>':
		return text_put(out, "&gt;");
	case '"':
		return text_put(out, "&quot;");
	case '\'':
		return text_put(out, "&#39;");
	default:
		return utf8_encode(out, point->c);
	}
}

size_t text_units(struct span text, enum text_unit unit)
{
	size_t n = 0;

	if (unit == TEXT_BYTES)
		return text.n;
	for (size_t i = 0; i < text.n; i++) {
		const unsigned char c = (unsigned char)text.p[i];

		n += (c & 0xC0) != 0x80;
		n += c >= 0xF0; /* a surrogate pair */
	}
	return n;
}

/* The state of one text_write(): what was written, and where it may be cut back to. */
struct writing {
	struct buf *out;
	const struct text_style *style;
	size_t used;
	size_t limit;
	bool in_mark;
	bool measuring;
};

static void put(struct writing *w, struct span s)
{
	w->used += text_units(s, w->style->unit);
	if (!w->measuring)
		buf_add(w->out, s);
}

static const char zero_width_space[] = "\xE2\x80\x8B";

struct cut {
	size_t out;  /* bytes in the buffer */
	size_t used; /* units */
	size_t points;
	bool in_mark;
};

/* How far back from the limit a word's end is looked for. */
enum { CUT_LOOK_BACK_POINTS = 32 };

/* Back to where the text ends best. */
static void cut_back(struct writing *w, const struct cut *best)
{
	w->used = best->used;
	w->in_mark = best->in_mark;
	if (w->measuring)
		return;
	w->out->n = best->out;
	if (w->out->p)
		w->out->p[best->out] = '\0';
}

static void put_close(struct writing *w, uint32_t after)
{
	put(w, span_str(w->style->close));
	if (w->style->word_edges && after && text_is_word(after))
		put(w, span_str(zero_width_space));
	w->in_mark = false;
}

static void put_open(struct writing *w, uint32_t before)
{
	if (w->style->word_edges && before && text_is_word(before))
		put(w, span_str(zero_width_space));
	put(w, span_str(w->style->open));
	w->in_mark = true;
}

/* Writes what fits in w->limit; false when something was left out. A mark may stay open. */
static bool run(struct writing *w, const struct marked *text)
{
	const struct text_style *style = w->style;
	const bool shown = style->open != NULL;
	const size_t edge =
		style->word_edges ? text_units(span_str(zero_width_space), style->unit) : 0;
	const size_t open = text_units(span_str(style->open), style->unit) + edge;
	const size_t close = text_units(span_str(style->close), style->unit) + edge;
	struct cut last = {.out = w->out ? w->out->n : 0}, word = last;
	struct text_point point = {0};
	size_t points = 0, k = 0;

	for (size_t i = 0; i < text->text.n; point.before = point.c, points++) {
		const struct cut here = {w->out ? w->out->n : 0, w->used, points, w->in_mark};
		const size_t at = i;
		char bytes[TEXT_ESCAPE_MAX];
		struct span unit = {bytes, 0};
		bool opens, closes = false;
		size_t peek, need;

		point.c = utf8_next(text->text, &i);
		peek = i;
		point.after = i < text->text.n ? utf8_next(text->text, &peek) : 0;
		unit.n = style->escape(bytes, &point);
		for (; k < text->n_marks && text->marks[k].end <= at; k++)
			closes = w->in_mark;
		opens = shown && k < text->n_marks && text->marks[k].start <= at &&
			(!w->in_mark || closes);
		if (points && text_may_cut(point.before, point.c)) {
			last = here;
			if (text_is_space(point.c))
				word = here;
		}
		need = text_units(unit, style->unit) + (closes ? close : 0) +
		       (opens ? open : 0) + (opens || (w->in_mark && !closes) ? close : 0);
		if (w->used + need > w->limit) {
			cut_back(w, word.points && points - word.points <= CUT_LOOK_BACK_POINTS
					    ? &word
					    : &last);
			return false;
		}
		if (closes)
			put_close(w, point.c);
		if (opens)
			put_open(w, point.before);
		put(w, unit);
	}
	return true;
}

size_t text_write(struct buf *out, const struct marked *text, const struct text_style *style,
	size_t limit)
{
	static const struct span ellipsis = {"\xE2\x80\xA6", 3};
	const size_t dots = text_units(ellipsis, style->unit);
	struct writing dry = {.style = style, .limit = limit, .measuring = true};
	struct writing w = {.out = out, .style = style, .limit = limit};
	const bool whole = run(&dry, text);

	if (!whole) {
		if (limit < dots)
			return 0;
		w.limit = limit - dots;
	}
	(void)run(&w, text);
	if (w.in_mark)
		put(&w, span_str(style->close));
	if (!whole)
		put(&w, ellipsis);
	return w.used;
}

size_t text_write_span(
	struct buf *out, struct span text, const struct text_style *style, size_t limit)
{
	const struct marked marked = {.text = text};

	return text_write(out, &marked, style, limit);
}

void text_fill(struct buf *out, const char *pattern, const struct span *parts, size_t n_parts)
{
	size_t next = 0;

	for (const char *hole; (hole = strstr(pattern, "{}")); pattern = hole + 2) {
		buf_add(out, span_of(pattern, (size_t)(hole - pattern)));
		if (next < n_parts)
			buf_add(out, parts[next++]);
	}
	buf_add_str(out, pattern);
}
