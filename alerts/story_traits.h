#ifndef ALERTS_STORY_TRAITS_H
#define ALERTS_STORY_TRAITS_H

/*
 * story_traits: what is kept of a mention to recognise its copies: hashes of its address, its
 * title and its beginning, and two samples of its text.
 *
 * The text is the set of its shingles: runs of SHINGLE_TOKENS folded tokens. Of this set are
 * kept
 *  - a sketch: its STORY_SKETCH smallest hashes, from which resemblance |A∩B|/|A∪B| and
 * containment |A∩B|/|A| are estimated; exact for texts with no more shingles than that (A. Z.
 * Broder, "On the resemblance and containment of documents", SEQUENCES 1997);
 *  - STORY_BANDS bands of STORY_ROWS minima under independent permutations, to find who
 * resembles without comparing with all (Broder et al., "Min-wise independent permutations",
 * STOC 1998; bands: Indyk and Motwani, "Approximate nearest neighbors", STOC 1998). 16 bands of
 * 3 rows find 98 of 100 texts of resemblance 0.6 and one in a thousand million unrelated ones.
 * The permutations are multiply-shift hashes (Dietzfelbinger et al., J. Algorithms 25, 1997).
 */

#include "vigie/hit.h"
#include "vigie/tokens.h"

enum {
	STORY_SHINGLE_TOKENS = 3,
	/* Copies are cut short behind the beginning, and grow boilerplate there. */
	STORY_TEXT_TOKENS = 256,
	STORY_SKETCH = 64,
	STORY_BANDS = 16,
	STORY_ROWS = 3,
	STORY_TITLE_TOKENS = 16,
	STORY_NUMBERS = 16,
	STORY_LEAD_TOKENS = 12,
};

struct story_traits {
	uint64_t url;       /* canonical; 0: none. So all hashes here. */
	uint64_t title;     /* its parts without the site's name */
	uint64_t lead;      /* the first tokens of the text */
	uint64_t site;      /* host */
	uint64_t publisher; /* the site; of posts, the author there */
	uint64_t source;
	int64_t said_ms;
	uint32_t n_tokens;   /* of the text, at most STORY_TEXT_TOKENS */
	uint32_t n_shingles; /* different ones */
	uint32_t n_sketch, n_title, n_numbers;
	uint32_t kind;                       /* enum item_kind */
	uint32_t sketch[STORY_SKETCH];       /* ascending */
	uint32_t titles[STORY_TITLE_TOKENS]; /* hashes of its tokens, ascending */
	uint32_t numbers[STORY_NUMBERS];     /* of the tokens with digits, ascending */
};

/* bands[] is empty (n 0) when the text has no shingle. 0 or -ENOMEM. */
int story_traits_read(struct story_traits *ret, uint64_t bands[STORY_BANDS], size_t *ret_n,
	const struct hit *hit, tokens_fold *fold);

struct story_likeness {
	double resemblance;  /* of the texts */
	double containment;  /* of the shorter in the longer */
	double title;        /* resemblance of the titles as sets of words */
	double title_within; /* containment of the titles */
	uint32_t samples;    /* what containment rests on */
	bool numbers_differ;
};

struct story_likeness story_compare(const struct story_traits *a, const struct story_traits *b);

#endif
