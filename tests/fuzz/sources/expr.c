/*
 * fuzz expr: any bytes as an expression and as a connector file: each is taken, or something is
 * said about it with a place; what is taken can be asked.
 */

#include <stdint.h>
#include <stdlib.h>

#include "sources/connector.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool promise)
{
	if (!promise)
		abort();
}

static void ask(const struct expr *x)
{
	static const char answer[] = "{\"a\":[{\"b\":\"c #d\",\"id\":1}],\"b\":\"2026-03-02\"}";
	struct arena arena = {0};
	struct expr_eval e;
	struct tree root;

	must(expr_eval_init(&e, &arena) == 0);
	must(tree_json(&root, &arena, span_str(answer)) == 0);
	e.root = e.item = e.parent = &root;
	(void)expr_value(&e, x);
	expr_eval_deinit(&e);
	arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span bytes = {(const char *)data, size};
	struct expr_set set = {0};
	struct err_list errors = {0};
	struct connector *c = NULL;
	struct expr *x = NULL;

	if (expr_parse(&x, &set, bytes, (struct expr_place){"fuzz", 1, 1}, &errors) == 0)
		ask(x);
	else
		must(errors.n == 1 && errors.items[0].column > 0);
	expr_set_deinit(&set);
	err_list_deinit(&errors);
	if (connector_new(&c, bytes, "fuzz.yaml", &errors) < 0)
		must(errors.n > 0);
	connector_free(c);
	err_list_deinit(&errors);
	return 0;
}
