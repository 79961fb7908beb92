#ifndef VIGIE_NEAREST_H
#define VIGIE_NEAREST_H

/*
 * nearest: "did you mean …?": the known name that a misspelt one most probably stands for.
 */

#include <stddef.h>

#include "vigie/span.h"

enum { NEAREST_LENGTH_MAX = 48 };

/* Edits between two words: insert, delete, replace a byte, swap two neighbours (optimal string
 * alignment, after F. J. Damerau, "A technique for computer detection and correction of
 * spelling errors", 1964). ASCII case is ignored. Words longer than NEAREST_LENGTH_MAX are far
 * apart. */
static inline unsigned nearest_distance(struct span a, struct span b)
{
	unsigned char row[3][NEAREST_LENGTH_MAX + 1];

	if (a.n > NEAREST_LENGTH_MAX || b.n > NEAREST_LENGTH_MAX)
		return 255;
	for (size_t j = 0; j <= b.n; j++)
		row[0][j] = (unsigned char)j;
	for (size_t i = 1; i <= a.n; i++) {
		unsigned char *now = row[i % 3], *up = row[(i + 2) % 3],
		              *up2 = row[(i + 1) % 3];
		const char x = ascii_lower(a.p[i - 1]);

		now[0] = (unsigned char)i;
		for (size_t j = 1; j <= b.n; j++) {
			const char y = ascii_lower(b.p[j - 1]);
			unsigned best = up[j - 1] + (x != y);

			if (up[j] + 1u < best)
				best = up[j] + 1u;
			if (now[j - 1] + 1u < best)
				best = now[j - 1] + 1u;
			if (i > 1 && j > 1 && x == ascii_lower(b.p[j - 2]) &&
			        y == ascii_lower(a.p[i - 2]) && up2[j - 2] + 1u < best)
				best = up2[j - 2] + 1u;
			now[j] = (unsigned char)best;
		}
	}
	return row[a.n % 3][b.n];
}

/* One of `names` (n of them) within a third of the word's length, at least one edit; or NULL.
 */
static inline const char *nearest(struct span word, const char *const *names, size_t n)
{
	unsigned best = word.n < 6 ? 2 : (unsigned)(word.n / 3) + 1;
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		const unsigned d = nearest_distance(word, span_str(names[i]));

		if (d < best) {
			best = d;
			found = names[i];
		}
	}
	return found;
}

#endif
