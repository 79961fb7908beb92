#ifndef VIGIE_MASK_H
#define VIGIE_MASK_H

/*
 * mask: takes a receiver's secrets out of a text that is shown to people; a door of alerts/.
 * Secret are the values of the fields its channel calls so, and of its URLs all but scheme,
 * host and port: the path of a web hook is its password. It keeps nothing from the receiver
 * itself.
 */

#include "vigie/arena.h"
#include "vigie/channel.h"

struct mask {
	struct span *secrets; /* longest first, in the arena */
	size_t n;
};

/* 0 or -ENOMEM. */
int mask_make(struct mask *ret, struct arena *arena, const struct receiver *receiver);

/* The text with "****" for each secret, also where it is written as JSON or percent-encoded, and
 * for the beginning of one at the text's end, where it was cut. .p is NULL only when memory is
 * out. */
struct span mask_text(const struct mask *mask, struct arena *arena, struct span text);

#endif
