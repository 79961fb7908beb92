/*
 * decode: a chain of stages, one a coding, the last applied first. Each pushes what it makes
 * into the next, in pieces of a fixed size, so memory does not depend on what a stream unfolds
 * into.
 */

#include "io/decode.h"

#include <errno.h>
#include <stdlib.h>

#include <brotli/decode.h>
#include <zlib.h>

#include "vigie/cleanup.h"

enum {
	STAGES_MAX = 3,     /* more are no honest server's */
	PIECE_SIZE = 32768, /* bytes handed on at once */
	HELD_MAX = 2,       /* bytes by which gzip, zlib and raw deflate are told apart */
};

enum step {
	STEP_HEAD,    /* too few bytes to know the format */
	STEP_STREAM,  /* within it */
	STEP_BETWEEN, /* gzip: a member ended, another may follow (RFC 1952 section 2.2) */
	STEP_PLAIN,   /* not encoded at all */
	STEP_AFTER,   /* the end was seen: the rest is ignored */
};

struct stage {
	const struct coding *coding;
	enum step step;
	bool began;
	unsigned char held[HELD_MAX];
	size_t n_held;
	z_stream z;
	bool z_open;
	BrotliDecoderState *brotli;
};

struct decoder {
	struct stage stages[STAGES_MAX]; /* in the order of use */
	size_t n;
	int condition;
	decode_sink sink;
	void *arg;
};

struct coding {
	const char *name;
	int (*push)(struct decoder *d, size_t i, struct span in);
};

static int stage_push(struct decoder *d, size_t i, struct span in)
{
	if (i == d->n)
		return d->sink(d->arg, in) ? 0 : DECODE_STOPPED;
	if (in.n)
		d->stages[i].began = true;
	return d->stages[i].coding->push(d, i, in);
}

/* Runs inflate() over in. 0 with *rest what follows the end of the stream (step says which), or
 * a condition. */
static int inflate_push(struct decoder *d, size_t i, struct span in, struct span *rest)
{
	struct stage *s = &d->stages[i];
	unsigned char piece[PIECE_SIZE];

	/* zlib's interface is older than const; it does not write to its input. */
	s->z.next_in = (unsigned char *)(uintptr_t)in.p;
	s->z.avail_in = (uInt)in.n;
	for (;;) {
		int z, r;

		s->z.next_out = piece;
		s->z.avail_out = sizeof(piece);
		z = inflate(&s->z, Z_NO_FLUSH);
		if (z == Z_MEM_ERROR)
			return -ENOMEM;
		if (s->z.avail_out < sizeof(piece)) {
			r = stage_push(d, i + 1,
				span_of((const char *)piece, sizeof(piece) - s->z.avail_out));
			if (r)
				return r;
		}
		if (z == Z_STREAM_END) {
			*rest = span_of((const char *)s->z.next_in, s->z.avail_in);
			s->step = STEP_BETWEEN;
			return 0;
		}
		/* Z_BUF_ERROR: nothing left to do with this input. */
		if (z == Z_BUF_ERROR || (z == Z_OK && !s->z.avail_in && s->z.avail_out)) {
			*rest = SPAN_NONE;
			return 0;
		}
		if (z != Z_OK)
			return DECODE_BROKEN;
	}
}

static int inflate_open(struct stage *s, int window_bits)
{
	if (s->z_open)
		return inflateReset2(&s->z, window_bits) == Z_OK ? 0 : -ENOMEM;
	if (inflateInit2(&s->z, window_bits) != Z_OK)
		return -ENOMEM;
	s->z_open = true;
	return 0;
}

/* Moves bytes from in to held until it is full. */
static bool hold(struct stage *s, struct span *in)
{
	while (in->n && s->n_held < HELD_MAX) {
		s->held[s->n_held++] = (unsigned char)in->p[0];
		*in = span_slice(*in, 1, in->n);
	}
	return s->n_held == HELD_MAX;
}

static int gzip_push(struct decoder *d, size_t i, struct span in)
{
	struct stage *s = &d->stages[i];
	const struct span held = {(const char *)s->held, HELD_MAX};
	int r = 0;

	while (in.n && r == 0) {
		struct span rest = SPAN_NONE;

		switch (s->step) {
		case STEP_HEAD:
		case STEP_BETWEEN:
			if (!hold(s, &in))
				return 0;
			s->n_held = 0;
			if (s->held[0] == 0x1F && s->held[1] == 0x8B) {
				s->step = STEP_STREAM;
				r = inflate_open(s, 16 + MAX_WBITS);
				if (r == 0)
					r = inflate_push(d, i, held, &rest);
			} else if (s->step == STEP_HEAD) {
				s->step = STEP_PLAIN;
				r = stage_push(d, i + 1, held);
			} else {
				s->step = STEP_AFTER; /* padding */
			}
			break;
		case STEP_STREAM:
			r = inflate_push(d, i, in, &rest);
			in = rest;
			break;
		case STEP_PLAIN:
			return stage_push(d, i + 1, in);
		case STEP_AFTER:
			return 0;
		}
	}
	return r;
}

/* "deflate" is the zlib format (RFC 1950); some servers send bare RFC 1951. */
static int deflate_push(struct decoder *d, size_t i, struct span in)
{
	struct stage *s = &d->stages[i];
	const struct span held = {(const char *)s->held, HELD_MAX};
	struct span rest;
	int r = 0;

	if (s->step == STEP_HEAD) {
		bool zlib;

		if (!hold(s, &in))
			return 0;
		zlib = (s->held[0] & 0x0F) == 8 && (s->held[0] * 256 + s->held[1]) % 31 == 0;
		s->n_held = 0;
		s->step = STEP_STREAM;
		r = inflate_open(s, zlib ? MAX_WBITS : -MAX_WBITS);
		if (r == 0)
			r = inflate_push(d, i, held, &rest);
	}
	if (r == 0 && s->step == STEP_STREAM && in.n)
		r = inflate_push(d, i, in, &rest);
	return r;
}

static int brotli_push(struct decoder *d, size_t i, struct span in)
{
	struct stage *s = &d->stages[i];
	const uint8_t *next = (const uint8_t *)in.p;
	size_t left = in.n;
	uint8_t piece[PIECE_SIZE];

	if (s->step == STEP_AFTER)
		return 0;
	if (!s->brotli)
		s->brotli = BrotliDecoderCreateInstance(NULL, NULL, NULL);
	if (!s->brotli)
		return -ENOMEM;
	s->step = STEP_STREAM;
	for (;;) {
		uint8_t *out = piece;
		size_t room = sizeof(piece);
		const BrotliDecoderResult b = BrotliDecoderDecompressStream(
			s->brotli, &left, &next, &room, &out, NULL);

		if (room < sizeof(piece)) {
			const int r = stage_push(
				d, i + 1, span_of((const char *)piece, sizeof(piece) - room));

			if (r)
				return r;
		}
		if (b == BROTLI_DECODER_RESULT_ERROR)
			return DECODE_BROKEN;
		if (b == BROTLI_DECODER_RESULT_SUCCESS)
			s->step = STEP_AFTER;
		if (b != BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT)
			return 0;
	}
}

/* RFC 9110 section 8.4.1; "x-gzip" and "x-deflate" are names of before. */
static const struct coding codings[] = {
	{"gzip", gzip_push},
	{"x-gzip", gzip_push},
	{"deflate", deflate_push},
	{"x-deflate", deflate_push},
	{"br", brotli_push},
};

static const struct coding *find_coding(struct span name)
{
	for (size_t i = 0; i < sizeof(codings) / sizeof(codings[0]); i++)
		if (span_eq_ci(name, span_str(codings[i].name)))
			return &codings[i];
	return NULL;
}

DEFINE_CLEANUP(struct decoder *, decoder_free)

int decoder_new(struct decoder **ret, struct span coding)
{
	CLEANUP(decoder_freep) struct decoder *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	/* Codings are listed in the order they were applied: the last is taken off first. */
	while (coding.n) {
		size_t from = coding.n;
		struct span name;

		while (from && coding.p[from - 1] != ',')
			from--;
		name = span_trim(span_slice(coding, from, coding.n));
		coding = span_slice(coding, 0, from ? from - 1 : 0);
		if (span_empty(name) || span_eq_ci(name, SPAN("identity")))
			continue;
		if (d->n == STAGES_MAX)
			return -ENOTSUP;
		d->stages[d->n].coding = find_coding(name);
		if (!d->stages[d->n++].coding)
			return -ENOTSUP;
	}
	*ret = TAKE(d);
	return 0;
}

int decoder_push(struct decoder *decoder, struct span bytes, decode_sink sink, void *arg)
{
	if (decoder->condition || span_empty(bytes))
		return decoder->condition;
	decoder->sink = sink;
	decoder->arg = arg;
	decoder->condition = stage_push(decoder, 0, bytes);
	return decoder->condition;
}

bool decoder_complete(const struct decoder *decoder)
{
	if (decoder->condition)
		return false;
	for (size_t i = 0; i < decoder->n; i++) {
		const struct stage *s = &decoder->stages[i];

		/* An empty body carries no coding, whatever its header says. */
		if (i == 0 && !s->began)
			return true;
		if (s->step == STEP_HEAD || s->step == STEP_STREAM)
			return false;
		/* The first byte of one more gzip member, and no more. */
		if (s->step == STEP_BETWEEN && s->n_held && s->held[0] == 0x1F)
			return false;
	}
	return true;
}

struct decoder *decoder_free(struct decoder *decoder)
{
	if (!decoder)
		return NULL;
	for (size_t i = 0; i < decoder->n; i++) {
		struct stage *s = &decoder->stages[i];

		if (s->z_open)
			(void)inflateEnd(&s->z);
		if (s->brotli)
			BrotliDecoderDestroyInstance(s->brotli);
	}
	free(decoder);
	return NULL;
}
