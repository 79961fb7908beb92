/*
 * What a mention costs with 100,000 open stories: articles of 150 words of a natural frequency
 * (Zipf), one in four a copy with a few words changed. Prints microseconds and bytes.
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "vigie/story.h"
#include "vigie/buf.h"

enum { STORIES = 100000, MEASURED = 40000, WORDS = 30000, TEXT_WORDS = 150 };

static uint64_t seed = 1;

static uint64_t next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Rank r comes about 1/r times as often as rank 1. */
static unsigned next_word(void)
{
	const double u = (double)(next_random() >> 11) / 9007199254740992.0;
	double rank = 1;

	for (double x = u; x > 0 && rank < WORDS; x -= 0.097)
		rank *= 2.72;
	return (unsigned)(next_random() % (uint64_t)rank);
}

static void add_words(struct buf *out, uint64_t from, unsigned n)
{
	const uint64_t kept = seed;

	seed = from;
	for (unsigned i = 0; i < n; i++)
		buf_addf(out, "w%x ", next_word() * 7919U);
	seed = kept;
}

static double now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static struct buf url, title, text;

static struct hit make(unsigned i)
{
	const bool copy = i > 1000 && i % 4 == 0;
	const uint64_t from = (uint64_t)(copy ? i - 500 + 1 : i) * 2654435761U + 12345;
	struct hit h = {.fetched = {(int64_t)i * 1000}, .item = item_empty()};

	buf_clear(&url);
	buf_clear(&title);
	buf_clear(&text);
	buf_addf(&url, "https://site%u.example/article/%u?utm_source=rss", i % 997, i);
	add_words(&title, from, 9);
	add_words(&text, from ^ 99, TEXT_WORDS);
	if (copy)
		add_words(&text, i, 12);
	memcpy(h.key.b, &i, sizeof(i));
	h.item.kind = ITEM_ARTICLE;
	h.item.url = buf_span(&url);
	h.item.title = buf_span(&title);
	h.item.text = buf_span(&text);
	h.item.published = h.fetched;
	h.source = SPAN("bench");
	return h;
}

int main(void)
{
	struct story_book *book;
	struct story_place place;
	struct buf state = {0};
	double us = 0, start, least = 1e9, most = 0;
	unsigned joined = 0, i = 0;

	if (story_book_new(&book,
		    &(struct story_options){.fold = text_tokens, .open_ms = INT64_MAX / 2}) < 0)
		return 1;
	for (; story_stats(book).open < STORIES; i++) {
		const struct hit h = make(i);

		if (story_add(book, &h, h.fetched, &place) < 0)
			return 1;
	}
	for (unsigned end = i + MEASURED; i < end; i++) {
		const struct hit h = make(i);
		double took;

		start = now_us();
		if (story_add(book, &h, h.fetched, &place) < 0)
			return 1;
		took = now_us() - start;
		us += took;
		least = took < least ? took : least;
		most = took > most ? took : most;
		joined += place.why != STORY_HEAD;
	}
	(void)printf("open stories      %u\nbytes             %zu (%zu a story)\n"
		     "a mention         %.1f us (%.1f to %.1f)\njoined            %.1f %%\n",
		story_stats(book).open, story_stats(book).bytes,
		story_stats(book).bytes / story_stats(book).open, us / MEASURED, least, most,
		100.0 * joined / MEASURED);
	start = now_us();
	if (story_save(book, &state) < 0)
		return 1;
	(void)printf(
		"saved             %zu bytes in %.0f ms\n", state.n, (now_us() - start) / 1e3);
	story_book_free(book);
	if (story_book_new(&book, &(struct story_options){.fold = text_tokens}) < 0)
		return 1;
	start = now_us();
	if (story_restore(book, buf_span(&state)) != 0)
		return 1;
	(void)printf("restored          in %.0f ms\n", (now_us() - start) / 1e3);
	story_book_free(book);
	buf_deinit(&state);
	buf_deinit(&url);
	buf_deinit(&title);
	buf_deinit(&text);
	return 0;
}
