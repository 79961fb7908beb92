#include "line/json_text.h"

#include <math.h>
#include <stdlib.h>

#include "line/codec_item.h"

void json_add_number(struct buf *out, double value)
{
	char text[32];

	if (!isfinite(value)) {
		buf_add(out, SPAN("null"));
		return;
	}
	if (value == floor(value) && fabs(value) < 9007199254740992.0) { /* 2^53 */
		buf_addf(out, "%lld", (long long)value);
		return;
	}
	for (int precision = 15; precision <= 17; precision++) {
		(void)snprintf(text, sizeof(text), "%.*g", precision, value);
		if (strtod(text, NULL) == value)
			break;
	}
	buf_add_str(out, text);
}

void json_add_time(struct buf *out, struct wall t)
{
	char text[RFC3339_SIZE];

	if (wall_rfc3339(text, t)[0] == '\0')
		buf_add(out, SPAN("null"));
	else
		buf_addf(out, "\"%s\"", text);
}

void json_add_strings(struct buf *out, const struct span *texts, size_t n)
{
	buf_add_char(out, '[');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_add_char(out, ',');
		json_write_string(out, texts[i]);
	}
	buf_add_char(out, ']');
}
