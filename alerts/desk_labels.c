/*
 * desk_labels: what a silence or a mute can ask of what waits: the mention itself is in the
 * archive, and the desk keeps of it what matchers see, and no more. In a record and in memory
 * it is a text of its own:
 *
 *   lang, source, author's handle, name, site; whether followers are known (0, 1), then how
 *   many; number of the source's tags, each; number of matches, each: rule, kind, brand, number
 *   of tags, each
 *
 * Numbers and texts are as alerts/pack.h has them. Of a mention that so many rules want that it
 * would be longer than DESK_LABELS_MOST, the last ones are left out.
 */

#include "desk_inner.h"

#include <errno.h>
#include <math.h>

#include "link.h"
#include "pack.h"

static void pack_tags(struct buf *out, const struct span *tags, size_t n)
{
	pack_u(out, n);
	for (size_t i = 0; i < n; i++)
		pack_text(out, tags[i]);
}

static size_t size_of(const struct match *m)
{
	enum { LENGTH = 3 }; /* of a text's length, at most */
	size_t n = m->rule.n + m->kind.n + m->brand.n + (size_t)4 * LENGTH;

	for (size_t i = 0; i < m->n_tags; i++)
		n += m->tags[i].n + LENGTH;
	return n;
}

/* How many matches fit. */
static size_t fitting(const struct hit *hit, size_t room)
{
	size_t n = 0;

	for (; n < hit->n_matches; n++) {
		const size_t size = size_of(&hit->matches[n]);

		if (size > room)
			break;
		room -= size;
	}
	return n;
}

static void pack_short(struct buf *out, struct span s)
{
	enum { NAME_MOST = 255 }; /* as long as a host name can be (RFC 1035, section 2.3.4) */

	pack_text(out, span_slice(s, 0, s.n < NAME_MOST ? s.n : NAME_MOST));
}

int labels_pack(struct buf *out, const struct hit *hit, struct arena *arena)
{
	const struct item_author *author = &hit->item.author;
	const bool known = author->followers >= 0 && author->followers < 1e15;
	const struct span link = link_safe(arena, hit->item.url);
	size_t n_tags = hit->n_source_tags, tags = 0, n;

	if (!link.p)
		return -ENOMEM;
	pack_short(out, hit->item.lang);
	pack_short(out, hit->source);
	pack_short(out, author->handle);
	pack_short(out, author->name);
	pack_short(out, link_site(link));
	pack_u(out, known);
	if (known)
		pack_u(out, (uint64_t)author->followers);
	for (size_t i = 0; i < n_tags; i++) {
		tags += hit->source_tags[i].n + 3;
		if (tags > DESK_LABELS_MOST / 4)
			n_tags = i;
	}
	pack_tags(out, hit->source_tags, n_tags);
	n = fitting(hit, DESK_LABELS_MOST > out->n + 3 ? DESK_LABELS_MOST - out->n - 3 : 0);
	pack_u(out, n);
	for (size_t i = 0; i < n; i++) {
		pack_text(out, hit->matches[i].rule);
		pack_text(out, hit->matches[i].kind);
		pack_text(out, hit->matches[i].brand);
		pack_tags(out, hit->matches[i].tags, hit->matches[i].n_tags);
	}
	return buf_result(out);
}

static int unpack_tags(
	struct unpack *u, struct arena *arena, const struct span **ret, size_t *ret_n)
{
	const size_t n = (size_t)unpack_u(u, u->left.n);
	struct span *tags = arena_calloc(arena, n + 1, sizeof(*tags));

	if (!tags)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		tags[i] = unpack_text(u, DESK_LABELS_MOST);
	*ret = tags;
	*ret_n = n;
	return 0;
}

static int unpack_matches(struct unpack *u, struct arena *arena, struct hit *hit)
{
	const size_t n = (size_t)unpack_u(u, u->left.n);
	struct match *matches = arena_calloc(arena, n + 1, sizeof(*matches));

	if (!matches)
		return -ENOMEM;
	for (size_t i = 0; i < n && !u->bad; i++) {
		matches[i].rule = unpack_text(u, DESK_LABELS_MOST);
		matches[i].kind = unpack_text(u, DESK_LABELS_MOST);
		matches[i].brand = unpack_text(u, DESK_LABELS_MOST);
		if (unpack_tags(u, arena, &matches[i].tags, &matches[i].n_tags) < 0)
			return -ENOMEM;
	}
	hit->matches = matches;
	hit->n_matches = n;
	return 0;
}

int labels_unpack(const struct hit **ret, struct span labels, struct arena *arena)
{
	struct hit *hit = arena_calloc(arena, 1, sizeof(*hit));
	struct unpack u = {.left = labels};
	struct span site;

	if (!hit)
		return -ENOMEM;
	hit->item = item_empty();
	*ret = hit;
	if (!labels.n)
		return 0;
	hit->item.lang = unpack_text(&u, DESK_LABELS_MOST);
	hit->source = unpack_text(&u, DESK_LABELS_MOST);
	hit->item.author.handle = unpack_text(&u, DESK_LABELS_MOST);
	hit->item.author.name = unpack_text(&u, DESK_LABELS_MOST);
	site = unpack_text(&u, DESK_LABELS_MOST);
	if (unpack_u(&u, 1))
		hit->item.author.followers = (double)unpack_u(&u, UINT64_MAX);
	if (unpack_tags(&u, arena, &hit->source_tags, &hit->n_source_tags) < 0 ||
		unpack_matches(&u, arena, hit) < 0)
		return -ENOMEM;
	if (site.n)
		hit->item.url = arena_printf(arena, "https://%.*s/", SPAN_ARG(site));
	if (site.n && !hit->item.url.p)
		return -ENOMEM;
	return u.bad || u.left.n ? -EBADMSG : 0;
}
