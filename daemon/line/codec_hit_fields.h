#ifndef VIGIE_LINE_CODEC_HIT_FIELDS_H
#define VIGIE_LINE_CODEC_HIT_FIELDS_H

/*
 * codec_hit_fields: every value of a hit but its key and its matches, one row each. The names
 * are the members of the encoded hit and the columns of the archive's table `mentions` alike:
 * what is added to an item is added here, and to a migration of the archive.
 */

#include "vigie/hit.h"

enum hit_field_type {
	HIT_TEXT,   /* struct span */
	HIT_LIST,   /* const struct span *, and a size_t at offset_n */
	HIT_TIME,   /* struct wall */
	HIT_NUMBER, /* double, NAN: absent */
	HIT_FLAG,   /* bool */
	HIT_KIND,   /* enum item_kind, by its name */
	HIT_HASH,   /* uint64_t */
};

struct hit_field {
	const char *name;
	enum hit_field_type type;
	size_t offset;
	size_t offset_n;
};

extern const struct hit_field hit_fields[];
extern const size_t hit_fields_n;

/* Typed access to a field of a hit. */
static inline const void *hit_field_at(const struct hit *hit, const struct hit_field *f)
{
	return (const char *)hit + f->offset;
}

static inline void *hit_field_of(struct hit *hit, const struct hit_field *f)
{
	return (char *)hit + f->offset;
}

static inline size_t hit_field_count(const struct hit *hit, const struct hit_field *f)
{
	return *(const size_t *)(const void *)((const char *)hit + f->offset_n);
}

static inline void hit_field_set_list(
	struct hit *hit, const struct hit_field *f, const struct span *list, size_t n)
{
	*(const struct span **)hit_field_of(hit, f) = list;
	*(size_t *)(void *)((char *)hit + f->offset_n) = n;
}

#endif
