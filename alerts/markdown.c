#include "markdown.h"

#include "vigie/utf8.h"

static const char zero_width_space[] = "\u200B";

static bool is_letter(uint32_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Is it markup where it stands? Some are only at the beginning of a line, or beside a word. */
static bool is_markup(const struct text_point *p)
{
	switch (p->c) {
	case '\\':
	case '`':
	case '*':
	case '_':
	case '~':
	case '|':
	case '[':
	case ']':
		return true;
	case '#':
	case '>':
	case '+':
	case '-':
	case '=':
		return p->before == 0;
	case '.':
	case ')': /* "1. one" begins a list */
		return p->before >= '0' && p->before <= '9' && text_is_space(p->after);
	case ':': /* ":fire:" */
		return is_letter(p->after) || p->after == '+' || p->after == '-';
	default:
		return false;
	}
}

static size_t put_with_space(char out[TEXT_ESCAPE_MAX], uint32_t c)
{
	const size_t n = utf8_encode(out, c);

	return n + text_put(out + n, zero_width_space);
}

size_t markdown_escape(char out[TEXT_ESCAPE_MAX], const struct text_point *p)
{
	if (p->c == '@' || (p->c == '<' && !text_is_space(p->after)))
		return put_with_space(out, p->c);
	if (!is_markup(p))
		return utf8_encode(out, p->c);
	out[0] = '\\';
	return 1 + utf8_encode(out + 1, p->c);
}

size_t markdown_lookalike(char out[TEXT_ESCAPE_MAX], const struct text_point *p)
{
	static const struct {
		uint32_t c, like;
	} rows[] = {
		{'*', 0x2217},
		{'_', 0x02CD},
		{'~', 0x223C},
		{'`', 0x02CB},
		{'[', 0xFF3B},
		{']', 0xFF3D},
		{'<', 0x2039},
		{'>', 0x203A},
		{'|', 0x2223},
		{'\\', 0x2216},
	};

	if (p->c == '@')
		return put_with_space(out, p->c);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (p->c == rows[i].c)
			return utf8_encode(out, rows[i].like);
	if (p->before == 0 && p->c < 0x80 && strchr("#+-=", (int)p->c))
		return text_put(out, zero_width_space) + utf8_encode(out + 3, p->c);
	return utf8_encode(out, p->c);
}
