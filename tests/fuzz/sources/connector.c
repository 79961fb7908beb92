/*
 * fuzz connector: any bytes as an answer, through maps that use every kind of step and filter,
 * in every format and frame. What comes out is valid: text is UTF-8 without U+0000, numbers are
 * finite or unknown, bounds hold. The first byte chooses the map; what is left is judged as a
 * refusal too.
 */

#include <stdint.h>
#include <stdlib.h>

#include "sources/connector.h"
#include "sources/reader.h"
#include "vigie/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char file[] =
	"network: fuzz\n"
	"tier: 1\n"
	"maps:\n"
	"  json: &fields\n"
	"    items: /a/* ?? /a ?? .\n"
	"    children: /b\n"
	"    next:\n"
	"      n: $/c/-1 | plus($/d)\n"
	"    fields: |\n"
	"      id = /id ?? /e | str ?? .\n"
	"      deleted = /f | when(/f ~ ^(x|y)+z?$)\n"
	"      title = /t | unescape ?? /t/* | first\n"
	"      text = /x | html ?? /x | sub(/(a+)\\s*b/,'\\1')\n"
	"      author.name = \"{/n | lower} ({@/id})\"\n"
	"      author.handle = /h | lookup($/u,id) | get(/name) ?? /h | lookup2($/u,users) | "
	"names\n"
	"      author.followers = /g | num\n"
	"      published = /p | time ?? /p | time(basic) ?? /p | epoch ?? /p | epoch_ms\n"
	"      lang = /l | lang ?? /l | langkey\n"
	"      tags = /x | tags ?? /k/* | split(',') | lower\n"
	"      engagement.likes = /i | int\n"
	"      engagement.views = /a/*/b/* | len\n"
	"      media = /m/*/u | only(. ~ ^http) ?? /j | json | get(/*)\n"
	"  lines: {frame: ndjson, items: ., fields: 'id = /id'}\n"
	"  events: {frame: sse, items: ., fields: 'id = /data/id ?? /data ?? /id'}\n"
	"  xml:\n"
	"    format: xml\n"
	"    items: channel/item[] ?? atom:entry[]\n"
	"    fields: |\n"
	"      id = guid ?? atom:id\n"
	"      text = description | html\n"
	"      tags = category[] | lower\n"
	"      media = a/*/@href\n"
	"  html:\n"
	"    format: html\n"
	"    items: 'css(div.post > p, #x + [y^=\"z\"])[]'\n"
	"    fields: |\n"
	"      id = @id\n"
	"      text = . | html\n"
	"      title = css(b:not(.c) i)\n"
	"errors:\n"
	"  - {when: /body/error ~ (?i)limit, is: rate_limited, wait: /body/wait}\n";

static void must(bool promise)
{
	if (!promise)
		abort();
}

static void check_text(struct span s)
{
	must(utf8_valid(s) && !(s.n && memchr(s.p, '\0', s.n)));
}

static void check(const struct connector_result *result)
{
	must(result->items.n <= READ_MAX_ITEMS);
	for (size_t i = 0; i < result->items.n; i++) {
		const struct item *item = &result->items.items[i];

		must(item->id.n > 0 && item->n_tags <= READ_MAX_LIST);
		check_text(item->id);
		check_text(item->title);
		check_text(item->text);
		check_text(item->author.name);
		check_text(item->author.handle);
		check_text(item->lang);
		for (size_t k = 0; k < item->n_tags; k++)
			check_text(item->tags[k]);
		must(!isinf(item->numbers.likes) && !isinf(item->author.followers));
	}
	check_text(result->next_value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct connector *c;
	const struct connector_options options = {0};
	struct connector_result result;
	struct connector_refusal refusal;
	struct err_list errors = {0};
	struct arena arena = {0};
	struct span body = {(const char *)data, size};

	if (!c)
		must(connector_new(&c, span_str(file), "fuzz.yaml", &errors) == 0);
	if (!size)
		return 0;
	body = span_slice(body, 1, size);
	must(connector_read_answer(
		     &result, &arena, &c->maps[data[0] % c->n_maps], &options, body) == 0);
	check(&result);
	arena_release(&arena);
	must(connector_judge(&refusal, c,
		     &(struct connector_answer){.status = 400 + data[0], .body = body}) == 0);
	must(refusal.error != CONNECTOR_OK && refusal.retry_after_s >= -1);
	return 0;
}
