#ifndef RULES_FOLD_H
#define RULES_FOLD_H

/*
 * fold: from text to tokens. Case, accents, width, apostrophes and invisible code points are
 * folded away and the result is cut into tokens, as vigie-rules(5) says; tokens can be traced
 * back to the original bytes. One table serves documents and queries. The work on documents is
 * done by fold_scalar.c or fold_avx2.c, which give the same bytes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vigie/buf.h"
#include "vigie/hit.h"
#include "vigie/span.h"

enum {
	FOLD_FRONT =
		32,     /* separators in front of the folded text: tokens are loaded by words */
	FOLD_BACK = 96, /* and behind it, for the last block */
	FOLD_SPARE_TOKENS = 3,            /* tokens are looked at by fours */
	FOLD_CHUNK = 256,                 /* original bytes between two marks of the map */
	FOLD_FIELD_MAX = 64 * 1024 * 1024 /* bytes of a field that are looked at */
};

/* Where original and folded offsets meet; both count from the start of the field. */
struct fold_mark {
	uint32_t in;
	uint32_t out;
	bool plain; /* only ASCII up to the next mark */
};

struct fold_field {
	struct span original;
	uint32_t start, end; /* in the folded text */
	uint32_t mark, n_marks;
	uint32_t token, n_tokens;
};

struct fold_token {
	uint32_t start, end; /* in the folded text */
};

struct fold_engine;

/* `{ 0 }` is empty; folded_deinit() frees. Reused from document to document. */
struct folded {
	const struct fold_engine *engine; /* NULL: the fastest of this machine */
	char *text; /* token form; FOLD_FRONT bytes in front and FOLD_BACK behind are separators
		     */
	size_t n;
	size_t capacity;
	struct fold_token *tokens; /* FOLD_SPARE_TOKENS empty ones follow */
	size_t n_tokens;
	size_t tokens_capacity;
	struct fold_mark *marks;
	size_t n_marks;
	size_t marks_capacity;
	struct fold_field fields[ITEM_FIELDS];
	bool loose; /* a loose code point occurs (exact.h) */
	/* Where the last trace ended: those that follow mostly lie behind it. */
	const struct fold_field *trace_field;
	size_t trace_in, trace_out;
};

/* The inner loops, for one kind of processor. */
struct fold_pass {
	const unsigned char *in;
	size_t n;
	size_t i; /* read so far */
	char *out;
	size_t o; /* written so far */
	size_t capacity;
	struct fold_mark *marks;
	size_t n_marks;
	bool loose;
};

struct fold_engine {
	const char *name;
	/* Folds on until all is read, or until `out` may be too small: then i < n on return,
	 * and the caller makes room for fold_room(n - i) more bytes and one mark more. */
	void (*fold)(struct fold_pass *pass);
	/* Finds the words of a folded text of n bytes; returns their number. */
	size_t (*cut)(struct fold_token *tokens, const char *text, size_t n);
};

extern const struct fold_engine fold_scalar;
extern const struct fold_engine fold_avx2; /* where it is built; see fold_fastest() */

const struct fold_engine *fold_fastest(void);

/* Bytes a further pass over n bytes may write without asking for room. */
static inline size_t fold_room(size_t n)
{
	return 4 * n + 128;
}

/* Folds and cuts the fields of a document; a field is left out by an empty span. 0 or -ENOMEM.
 * The spans must live as long as they are traced back. */
int folded_read(struct folded *f, const struct span fields[ITEM_FIELDS]);
void folded_deinit(struct folded *f);

static inline struct span folded_token(const struct folded *f, size_t token)
{
	const struct fold_token *t = &f->tokens[token];

	return (struct span){f->text + t->start, t->end - t->start};
}

/* '#', '@' or '$' where the token has that sigil, else 0. */
char folded_sigil(const struct folded *f, size_t token);

/* The field a token belongs to. */
enum item_field folded_field(const struct folded *f, size_t token);

/* Extent of tokens first..last (of one field) in original bytes: from the first contributing
 * code point (or its sigil) to behind the last and what is dropped after it. */
void folded_extent(struct folded *f, size_t first, size_t last, bool with_sigil,
	uint32_t *ret_start, uint32_t *ret_end);

/* Appends the fold of s (not the token form). */
void fold_text(struct buf *out, struct span s);

/* Appends the token form of s. */
void fold_token_form(struct buf *out, struct span s);

/* Folds one code point for the reader of queries: its fold and its token form, in `fold` and
 * `token` (NUL-terminated). */
enum { FOLD_POINT_SIZE = 48 };
void fold_point(char fold[FOLD_POINT_SIZE], char token[FOLD_POINT_SIZE], struct span point);

/* The Unicode version of the table. */
const char *fold_unicode_version(void);

#endif
