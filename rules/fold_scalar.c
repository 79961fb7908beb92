/*
 * fold_scalar: the inner loops of fold in plain C, for processors without AVX2 and as the
 * measure of fold_avx2.c, which must give the same bytes.
 */
#include "fold.h"

#include "fold_table.h"

static void scalar_fold(struct fold_pass *pass)
{
	const unsigned char *in = pass->in;
	const size_t n = pass->n;
	size_t i = pass->i, o = pass->o;

	while (i < n) {
		const size_t stop = n - i > FOLD_CHUNK ? i + FOLD_CHUNK : n;
		struct fold_mark *mark = &pass->marks[pass->n_marks++];

		*mark = (struct fold_mark){(uint32_t)i, (uint32_t)o, true};
		while (i < stop) {
			const unsigned char c = in[i];
			size_t used;

			if (c < 0x80) {
				pass->out[o++] = ascii_lower((char)c);
				i++;
				continue;
			}
			if (o + fold_room(n - i) > pass->capacity)
				goto full;
			mark->plain = false;
			o += fold_one(pass->out + o, in + i, n - i, &used, &pass->loose);
			i += used;
		}
	}
full:
	pass->i = i;
	pass->o = o;
}

static bool word_byte(unsigned char c)
{
	return c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static size_t scalar_cut(struct fold_token *tokens, const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t n_tokens = 0;

	for (size_t i = 0; i < n;) {
		size_t start;

		if (!word_byte(p[i])) {
			i++;
			continue;
		}
		start = i;
		while (i < n && word_byte(p[i]))
			i++;
		tokens[n_tokens++] = (struct fold_token){(uint32_t)start, (uint32_t)i};
	}
	return n_tokens;
}

const struct fold_engine fold_scalar = {"scalar", scalar_fold, scalar_cut};
