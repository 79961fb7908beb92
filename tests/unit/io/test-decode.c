/* decode: every coding, in pieces of every size, whole, cut, broken and enormous. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include <brotli/encode.h>
#include <zlib.h>

#include "io/decode.h"
#include "vigie/buf.h"

enum { PLAIN_SIZE = 20000 };

static char plain[PLAIN_SIZE];
static struct buf out;
static size_t most;

static bool on_bytes(void *arg, struct span bytes)
{
	(void)arg;
	buf_add(&out, span_slice(bytes, 0, most - out.n));
	return out.n < most;
}

static void pack_zlib(struct buf *b, int window_bits, struct span text)
{
	z_stream z = {0};

	assert_true(buf_reserve(b, text.n + 1000));
	assert_int_equal(
		deflateInit2(&z, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (unsigned char *)(uintptr_t)text.p;
	z.avail_in = (uInt)text.n;
	z.next_out = (unsigned char *)b->p + b->n;
	z.avail_out = (uInt)(b->capacity - b->n);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	b->n += z.total_out;
	assert_int_equal(deflateEnd(&z), Z_OK);
}

static void pack_gzip(struct buf *b, struct span text)
{
	pack_zlib(b, 16 + MAX_WBITS, text);
}

static void pack_deflate(struct buf *b, struct span text)
{
	pack_zlib(b, MAX_WBITS, text);
}

static void pack_raw(struct buf *b, struct span text)
{
	pack_zlib(b, -MAX_WBITS, text);
}

static void pack_brotli(struct buf *b, struct span text)
{
	size_t n = text.n + 1000;

	assert_true(buf_reserve(b, n));
	assert_true(BrotliEncoderCompress(5, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, text.n,
		(const uint8_t *)text.p, &n, (uint8_t *)b->p + b->n));
	b->n += n;
}

static void pack_none(struct buf *b, struct span text)
{
	buf_add(b, text);
}

static void pack_members(struct buf *b, struct span text)
{
	pack_gzip(b, span_slice(text, 0, 7));
	pack_gzip(b, SPAN(""));
	pack_gzip(b, span_slice(text, 7, text.n));
}

static void pack_padded(struct buf *b, struct span text)
{
	pack_gzip(b, text);
	buf_add(b, SPAN("\0\0\0\0\0"));
}

static void pack_twice(struct buf *b, struct span text)
{
	struct buf once = {0};

	pack_brotli(&once, text);
	pack_gzip(b, buf_span(&once));
	buf_deinit(&once);
}

static const struct {
	const char *coding;
	void (*pack)(struct buf *b, struct span text);
	bool ends; /* the format says where it ends */
} rows[] = {
	{"gzip", pack_gzip, true}, {"X-GZip", pack_gzip, true}, {"gzip", pack_members, true},
	{"gzip", pack_padded, false}, {"deflate", pack_deflate, true},
	{"deflate", pack_raw, true}, {"br", pack_brotli, true}, {"br, gzip", pack_twice, true},
	{"identity", pack_none, false}, {"", pack_none, false},
	{" identity , gzip ,", pack_gzip, true},
	{"gzip", pack_none, false}, /* said and not done */
};

/* Decodes in pieces; the condition of the last push. */
static int decode(struct span bytes, const char *coding, size_t piece, bool *ret_complete)
{
	struct decoder *d;
	int r = 0;

	buf_clear(&out);
	assert_int_equal(decoder_new(&d, span_str(coding)), 0);
	for (size_t i = 0; i < bytes.n && r == 0; i += piece)
		r = decoder_push(d, span_slice(bytes, i, i + piece), on_bytes, NULL);
	*ret_complete = decoder_complete(d);
	assert_null(decoder_free(d));
	return r;
}

static void pieces_of_any_size_give_the_same(void **state)
{
	static const size_t pieces[] = {1, 2, 3, 7, 100, 4096, SIZE_MAX / 2};

	(void)state;
	most = SIZE_MAX;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf packed = {0};

		rows[i].pack(&packed, span_of(plain, PLAIN_SIZE));
		for (size_t k = 0; k < sizeof(pieces) / sizeof(pieces[0]); k++) {
			bool complete;

			assert_int_equal(
				decode(buf_span(&packed), rows[i].coding, pieces[k], &complete),
				0);
			assert_true(complete);
			assert_int_equal(out.n, PLAIN_SIZE);
			assert_memory_equal(out.p, plain, PLAIN_SIZE);
		}
		buf_deinit(&packed);
	}
}

static void a_stream_that_ends_early_is_seen(void **state)
{
	(void)state;
	most = SIZE_MAX;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf packed = {0};
		bool complete;

		if (!rows[i].ends)
			continue;
		rows[i].pack(&packed, span_of(plain, PLAIN_SIZE));
		for (size_t n = 1; n < packed.n; n += n < 40 || n + 40 > packed.n ? 1 : 997) {
			if (rows[i].pack == pack_members)
				n = packed.n - 1; /* between members it may end */
			assert_int_equal(
				decode(span_of(packed.p, n), rows[i].coding, 512, &complete),
				0);
			if (complete)
				fail_msg("%s: %zu of %zu bytes", rows[i].coding, n, packed.n);
			assert_memory_equal(out.p ? out.p : "", plain, out.n);
		}
		buf_deinit(&packed);
	}
}

static void a_broken_stream_is_seen(void **state)
{
	static const char *const codings[] = {"gzip", "deflate", "br"};
	struct buf packed = {0};
	bool complete;

	(void)state;
	most = SIZE_MAX;
	for (size_t i = 0; i < 3; i++) {
		(i == 2     ? pack_brotli
			: i ? pack_deflate
			    : pack_gzip)(&packed, span_of(plain, PLAIN_SIZE));
		memset(packed.p + packed.n / 2, 0xFF, 40);
		assert_int_equal(
			decode(buf_span(&packed), codings[i], 512, &complete), DECODE_BROKEN);
		assert_false(complete);
		/* What came out before the error; of brotli perhaps nothing. */
		assert_true(i == 2 || out.n > 0);
		buf_clear(&packed);
	}
	/* The text is all there, its checksum says otherwise. */
	pack_gzip(&packed, span_of(plain, PLAIN_SIZE));
	packed.p[packed.n - 8] ^= 1;
	assert_int_equal(decode(buf_span(&packed), "gzip", 512, &complete), DECODE_BROKEN);
	buf_deinit(&packed);
}

static void a_bomb_costs_what_the_sink_takes(void **state)
{
	char *zeros = calloc(1, 64 << 20);
	struct buf packed = {0};
	bool complete;

	(void)state;
	assert_non_null(zeros);
	most = 1 << 20;
	pack_gzip(&packed, span_of(zeros, 64 << 20));
	assert_true(packed.n < 100000);
	assert_int_equal(
		decode(buf_span(&packed), "gzip", SIZE_MAX / 2, &complete), DECODE_STOPPED);
	assert_int_equal(out.n, most);
	assert_false(complete);
	buf_deinit(&packed);
	free(zeros);
}

static void codings_that_are_not_known(void **state)
{
	static const char *const unknown[] = {
		"zstd", "compress", "gzip, zstd", "gzip gzip", "br, br, br, br"};
	struct decoder *d;

	(void)state;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		assert_int_equal(decoder_new(&d, span_str(unknown[i])), -ENOTSUP);
	assert_null(decoder_free(NULL));
}

static int begin(void **state)
{
	uint32_t x = 1;

	(void)state;
	/* Words over a small alphabet: packs, but not to nothing (xorshift32, Marsaglia 2003).
	 */
	for (size_t i = 0; i < PLAIN_SIZE; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		plain[i] = " etaoinshrdlu"[x % 13];
	}
	return 0;
}

static int end(void **state)
{
	(void)state;
	buf_deinit(&out);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_of_any_size_give_the_same),
		cmocka_unit_test(a_stream_that_ends_early_is_seen),
		cmocka_unit_test(a_broken_stream_is_seen),
		cmocka_unit_test(a_bomb_costs_what_the_sink_takes),
		cmocka_unit_test(codings_that_are_not_known),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
