#ifndef VIGIE_ALERTS_LINK_H
#define VIGIE_ALERTS_LINK_H

/*
 * link: strangers' URLs on their way into a message.
 */

#include "vigie/arena.h"
#include "vigie/span.h"

/* Longer ones are not shown: a cut URL leads elsewhere. The least any platform takes is 2048.
 */
enum { LINK_BYTES_MAX = 2000 };

/* A URL that may stand in any channel's link: http or https in small letters with a host, each
 * byte that RFC 3986 does not allow, or that ends a link in some markup ( | ( ) [ ] < > " ' ` *
 * ), percent-encoded. Empty when it is none of ours or too long; .p is NULL only when memory is
 * out. */
struct span link_safe(struct arena *arena, struct span text);

/* The host of such a link, without "www." and port. A part of it. */
struct span link_site(struct span link);

#endif
