#include "fold.h"

#include <errno.h>
#include <stdlib.h>

#include "fold_table.h"
#include "vigie/utf8.h"

const struct fold_engine *fold_fastest(void)
{
#ifdef RULES_AVX2
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
		__builtin_cpu_supports("bmi2"))
		return &fold_avx2;
#endif
	return &fold_scalar;
}

const char *fold_unicode_version(void)
{
	return fold_unicode;
}

/* Room for `n` bytes in all behind the front. */
static int grow_text(struct folded *f, size_t n)
{
	const size_t want = n + FOLD_FRONT + FOLD_BACK;
	char *p;

	if (f->capacity >= want)
		return 0;
	p = realloc(f->text ? f->text - FOLD_FRONT : NULL, want + want / 2);
	if (!p)
		return -ENOMEM;
	memset(p, ' ', FOLD_FRONT);
	f->text = p + FOLD_FRONT;
	f->capacity = want + want / 2;
	return 0;
}

static int grow_marks(struct folded *f, size_t n)
{
	struct fold_mark *p;

	if (f->marks_capacity >= n)
		return 0;
	n += n / 2;
	p = realloc(f->marks, n * sizeof(*p));
	if (!p)
		return -ENOMEM;
	f->marks = p;
	f->marks_capacity = n;
	return 0;
}

static int grow_tokens(struct folded *f, size_t n)
{
	struct fold_token *p;

	if (f->tokens_capacity >= n)
		return 0;
	n += n / 2;
	p = realloc(f->tokens, n * sizeof(*p));
	if (!p)
		return -ENOMEM;
	f->tokens = p;
	f->tokens_capacity = n;
	return 0;
}

static int fold_field(struct folded *f, struct fold_field *field, struct span s)
{
	struct fold_pass pass = {.in = (const unsigned char *)s.p, .n = s.n, .loose = f->loose};
	const size_t first_mark = f->n_marks;

	field->original = s;
	field->start = (uint32_t)f->n;
	field->mark = (uint32_t)first_mark;
	while (pass.i < s.n) {
		int r = grow_text(f, f->n + pass.o + fold_room(s.n - pass.i));

		if (r >= 0)
			r = grow_marks(
				f, first_mark + pass.n_marks + (s.n - pass.i) / FOLD_CHUNK + 4);
		if (r < 0)
			return r;
		pass.out = f->text + f->n;
		pass.capacity = f->capacity - FOLD_FRONT - FOLD_BACK - f->n;
		pass.marks = f->marks + first_mark;
		f->engine->fold(&pass);
	}
	f->n += pass.o;
	f->n_marks += pass.n_marks;
	f->loose = pass.loose;
	field->end = (uint32_t)f->n;
	field->n_marks = (uint32_t)pass.n_marks;
	f->text[f->n++] = ' '; /* no word goes from one field into the next */
	return 0;
}

int folded_read(struct folded *f, const struct span fields[ITEM_FIELDS])
{
	size_t token = 0;
	int r;

	if (!f->engine)
		f->engine = fold_fastest();
	f->n = 0;
	f->n_marks = 0;
	f->loose = false;
	f->trace_field = NULL;
	r = grow_text(f, 64);
	for (int i = 0; i < ITEM_FIELDS && r >= 0; i++) {
		struct span s = fields[i];

		if (s.n > FOLD_FIELD_MAX)
			s = utf8_prefix(s, FOLD_FIELD_MAX);
		r = fold_field(f, &f->fields[i], s);
	}
	if (r < 0)
		return r;
	memset(f->text + f->n, 0, FOLD_BACK);
	/* At most one token for two bytes, and the batch of the last block. */
	r = grow_tokens(f, f->n / 2 + 64);
	if (r < 0)
		return r;
	f->n_tokens = f->engine->cut(f->tokens, f->text, f->n);
	memset(&f->tokens[f->n_tokens], 0, FOLD_SPARE_TOKENS * sizeof(*f->tokens));
	for (int i = 0; i < ITEM_FIELDS; i++) {
		struct fold_field *field = &f->fields[i];
		size_t low = token, high = f->n_tokens;

		field->token = (uint32_t)token;
		while (low < high) {
			const size_t middle = low + (high - low) / 2;

			if (f->tokens[middle].start < field->end)
				low = middle + 1;
			else
				high = middle;
		}
		field->n_tokens = (uint32_t)(low - token);
		token = low;
	}
	return 0;
}

void folded_deinit(struct folded *f)
{
	if (f->text)
		free(f->text - FOLD_FRONT);
	free(f->tokens);
	free(f->marks);
	*f = (struct folded){.engine = f->engine};
}

char folded_sigil(const struct folded *f, size_t token)
{
	const uint32_t start = f->tokens[token].start;
	const char c = f->text[(ptrdiff_t)start - 1];

	if (c != '#' && c != '@' && c != '$')
		return 0;
	if (token && f->tokens[token - 1].end == start - 1)
		return 0;
	return c;
}

enum item_field folded_field(const struct folded *f, size_t token)
{
	if (token < f->fields[FIELD_TEXT].token)
		return FIELD_TITLE;
	return token < f->fields[FIELD_AUTHOR].token ? FIELD_TEXT : FIELD_AUTHOR;
}

/* One code point of the original at i: its length, and how much it gives. */
static size_t step(const struct fold_field *field, size_t i, size_t *used)
{
	char out[FOLD_LONGEST];
	bool loose = false;
	const unsigned char *p = (const unsigned char *)field->original.p + i;

	if (*p < 0x80) {
		*used = 1;
		return 1;
	}
	return fold_one(out, p, field->original.n - i, used, &loose);
}

/* Offset of the code point that gave byte `at` (counted in the field's folded text). */
static size_t trace(struct folded *f, const struct fold_field *field, size_t at)
{
	const struct fold_mark *marks = f->marks + field->mark;
	size_t low = 0, high = field->n_marks, i, o;

	while (high - low > 1) {
		const size_t middle = low + (high - low) / 2;

		if (marks[middle].out <= at)
			low = middle;
		else
			high = middle;
	}
	i = marks[low].in;
	o = marks[low].out;
	if (marks[low].plain)
		return i + (at - o);
	if (f->trace_field == field && f->trace_out > o && f->trace_out <= at) {
		i = f->trace_in;
		o = f->trace_out;
	}
	for (;;) {
		size_t used, gives;
		uint64_t eight;

		/* Eight bytes of ASCII at a step. */
		while (o + 8 <= at && i + 8 <= field->original.n) {
			memcpy(&eight, field->original.p + i, sizeof(eight));
			if (eight & 0x8080808080808080U)
				break;
			i += 8;
			o += 8;
		}
		gives = step(field, i, &used);
		if (o + gives > at)
			break;
		i += used;
		o += gives;
	}
	f->trace_field = field;
	f->trace_in = i;
	f->trace_out = o;
	return i;
}

void folded_extent(struct folded *f, size_t first, size_t last, bool with_sigil,
	uint32_t *ret_start, uint32_t *ret_end)
{
	const struct fold_field *field = &f->fields[folded_field(f, first)];
	const size_t start = f->tokens[first].start - field->start;
	const size_t end = f->tokens[last].end - 1 - field->start;
	size_t i, used;

	*ret_start = (uint32_t)trace(f, field, with_sigil ? start - 1 : start);
	i = trace(f, field, end);
	(void)step(field, i, &used);
	i += used;
	while (i < field->original.n && step(field, i, &used) == 0)
		i += used;
	*ret_end = (uint32_t)i;
}

/* Fold of one code point, given with its bytes. */
static struct span fold_of(struct span point)
{
	size_t i = 0, low = 0, high = fold_separators_n;
	bool ok;
	const uint32_t c = utf8_decode(point, &i, &ok);
	const uint16_t cell = fold_cells[(size_t)fold_rows[c >> 6] * 64 + (c & 63)];

	if (!ok)
		return point;
	if (cell >= FOLD_ENTRY) {
		const struct fold_entry *e = &fold_entries[cell - FOLD_ENTRY];

		return (struct span){fold_pool + e->fold_at, e->fold_n};
	}
	if (cell == FOLD_DROP || cell == FOLD_DROP_LOOSE)
		return SPAN_NONE;
	while (cell == FOLD_SEPARATOR && low < high) {
		const size_t middle = low + (high - low) / 2;

		if (fold_separators[middle].c == c)
			return span_str(fold_separators[middle].fold);
		if (fold_separators[middle].c < c)
			low = middle + 1;
		else
			high = middle;
	}
	return point;
}

void fold_text(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.n;) {
		const size_t at = i;

		(void)utf8_next(s, &i);
		buf_add(out, fold_of(span_slice(s, at, i)));
	}
}

void fold_point(char fold[FOLD_POINT_SIZE], char token[FOLD_POINT_SIZE], struct span point)
{
	const struct span s = fold_of(point);
	bool loose = false;
	size_t used, n = 1;

	memcpy(fold, s.p ? s.p : "", s.n);
	fold[s.n] = '\0';
	if ((unsigned char)point.p[0] < 0x80)
		token[0] = ascii_lower(point.p[0]);
	else
		n = fold_one(token, (const unsigned char *)point.p, point.n, &used, &loose);
	token[n] = '\0';
}

void fold_token_form(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.n;) {
		char fold[FOLD_POINT_SIZE], token[FOLD_POINT_SIZE];
		const size_t at = i;

		(void)utf8_next(s, &i);
		if ((unsigned char)s.p[at] < 0x80) {
			buf_add_char(out, ascii_lower(s.p[at]));
			continue;
		}
		fold_point(fold, token, span_slice(s, at, i));
		buf_add_str(out, token);
	}
}
