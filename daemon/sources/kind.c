#include "sources/kind.h"

const struct source_kind source_kinds[] = {
	{"feed", false, false},
	{"sitemap", true, true},
	{NULL, false, false},
};

const struct source_kind *source_kind_by_name(struct span name)
{
	for (const struct source_kind *k = source_kinds; k->name; k++)
		if (span_eq_str(name, k->name))
			return k;
	return NULL;
}

const struct source_kind *source_kind_of(struct span name)
{
	const struct source_kind *k = source_kind_by_name(name);

	return k ? k : source_kinds;
}
