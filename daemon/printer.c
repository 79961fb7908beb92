#include "printer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "vigie/utf8.h"

/* How much of a text stands around the first matched word. */
enum { EXCERPT_BEFORE = 60, EXCERPT_BYTES = 280 };

#define DIM "\033[2m"
#define BOLD "\033[1m"
#define MARK "\033[1;33m"
#define CYAN "\033[36m"
#define RESET "\033[0m"

struct printer_style printer_style_of(FILE *to)
{
	struct printer_style style = {.columns = 80};
	const char *no_colour = getenv("NO_COLOR");
	const char *term = getenv("TERM");
	const time_t now = time(NULL);
	struct winsize size;
	struct tm local;

	if (isatty(fileno(to))) {
		style.colour =
			!(no_colour && *no_colour) && !(term && strcmp(term, "dumb") == 0);
		if (ioctl(fileno(to), TIOCGWINSZ, &size) == 0 && size.ws_col)
			style.columns = size.ws_col;
	}
	if (localtime_r(&now, &local))
		style.zone_s = local.tm_gmtoff;
	return style;
}

/* C0, DEL and C1 controls, and what reorders or hides text on a terminal. */
static bool is_unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x202A && c <= 0x202E) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0x200E || c == 0x200F || c == 0x061C ||
	       c == 0x2028 || c == 0x2029 || c == 0xFEFF;
}

void printer_text(FILE *to, struct span text)
{
	bool blank = false;

	for (size_t i = 0; i < text.n;) {
		const size_t at = i;
		bool ok;
		const uint32_t c = utf8_decode(text, &i, &ok);

		if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
			blank = true;
			continue;
		}
		if (blank)
			(void)fputc(' ', to);
		blank = false;
		if (!ok || is_unsafe(c))
			(void)fputs("\xEF\xBF\xBD", to);
		else
			(void)fwrite(text.p + at, 1, i - at, to);
	}
	if (blank)
		(void)fputc(' ', to);
}

static bool span_inside(
	const struct match_span *s, enum item_field field, size_t from, size_t to)
{
	return s->field == field && s->start >= from && s->end <= to && s->start < s->end;
}

/* text[from, to) with every matched word marked; spans of several rules may overlap. `base` is
 * the style the text around them has. */
static void print_marked(FILE *out, const struct printer_style *style, const struct hit *hit,
	enum item_field field, struct span text, size_t from, size_t to, const char *base)
{
	(void)fputs(style->colour ? base : "", out);
	while (from < to) {
		size_t start = to, end = to;

		for (size_t m = 0; m < hit->n_matches; m++) {
			for (size_t i = 0; i < hit->matches[m].n_spans; i++) {
				const struct match_span *s = &hit->matches[m].spans[i];

				if (span_inside(s, field, from, to) &&
					(s->start < start ||
						(s->start == start && s->end > end))) {
					start = s->start;
					end = s->end;
				}
			}
		}
		printer_text(out, span_slice(text, from, start));
		if (start < to) {
			(void)fputs(style->colour ? MARK : "[", out);
			printer_text(out, span_slice(text, start, end));
			(void)fputs(style->colour ? RESET : "]", out);
			(void)fputs(style->colour ? base : "", out);
		}
		from = start < to ? end : to;
	}
	(void)fputs(style->colour ? RESET : "", out);
}

static size_t first_match(const struct hit *hit, enum item_field field)
{
	size_t first = SIZE_MAX;

	for (size_t m = 0; m < hit->n_matches; m++)
		for (size_t i = 0; i < hit->matches[m].n_spans; i++)
			if (hit->matches[m].spans[i].field == field &&
				hit->matches[m].spans[i].start < first)
				first = hit->matches[m].spans[i].start;
	return first;
}

static void print_excerpt(FILE *to, const struct printer_style *style, const struct hit *hit)
{
	const struct span text = hit->item.text;
	const size_t first = first_match(hit, FIELD_TEXT);
	size_t from = 0, end;

	if (span_empty(text))
		return;
	if (first != SIZE_MAX && first > EXCERPT_BEFORE) {
		from = first - EXCERPT_BEFORE;
		while (from < first && text.p[from] != ' ')
			from++;
		if (from ==
			first) /* one long word: at least not in the middle of a code point */
			from = utf8_prefix(text, first - EXCERPT_BEFORE).n;
	}
	end = from + utf8_prefix(span_slice(text, from, text.n), EXCERPT_BYTES).n;
	(void)fputs(from ? "  …" : "  ", to);
	print_marked(to, style, hit, FIELD_TEXT, text, from, end, "");
	(void)fputs(end < text.n ? "…\n" : "\n", to);
}

static void print_head(FILE *to, const struct printer_style *style, const struct hit *hit)
{
	const struct wall when =
		wall_known(hit->item.published) ? hit->item.published : hit->fetched;
	char text[RFC3339_SIZE];

	(void)wall_rfc3339(text, (struct wall){when.ms + style->zone_s * 1000});
	(void)fprintf(to, "%s%.10s %.5s%s ", style->colour ? DIM : "", text,
		text[0] ? text + 11 : "", style->colour ? RESET : "");
	(void)fputs(style->colour ? CYAN : "", to);
	printer_text(to, hit->source);
	(void)fputs(style->colour ? RESET : "", to);
	if (!span_empty(hit->item.author.name)) {
		(void)fputs(" · ", to);
		printer_text(to, hit->item.author.name);
	}
	(void)fputs(style->colour ? DIM " · " : " · ", to);
	for (size_t m = 0; m < hit->n_matches; m++) {
		(void)fputs(m ? ", " : "", to);
		printer_text(to, hit->matches[m].rule);
	}
	if (hit->story.mentions > 1)
		(void)fprintf(to, " · %s %u of a story on %u site%s",
			hit->story.why == STORY_HEAD ? "first of" : "one of",
			(unsigned)hit->story.mentions, (unsigned)hit->story.sites,
			hit->story.sites == 1 ? "" : "s");
	(void)fputs(style->colour ? RESET "\n" : "\n", to);
}

void printer_hit(FILE *to, const struct printer_style *style, const struct hit *hit)
{
	print_head(to, style, hit);
	if (!span_empty(hit->item.title)) {
		(void)fputs("  ", to);
		print_marked(to, style, hit, FIELD_TITLE, hit->item.title, 0, hit->item.title.n,
			BOLD);
		(void)fputc('\n', to);
	}
	print_excerpt(to, style, hit);
	if (!span_empty(hit->item.url)) {
		(void)fputs(style->colour ? DIM "  " : "  ", to);
		printer_text(to, hit->item.url);
		(void)fputs(style->colour ? RESET "\n" : "\n", to);
	}
	(void)fputc('\n', to);
	(void)fflush(to);
}
