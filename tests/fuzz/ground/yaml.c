/*
 * fuzz yaml: any bytes give a tree that can be walked within its bounds, or at least one
 * mistake with a place. Where a scalar says it reads as written, its bytes stand in the input.
 */

#include <stdint.h>
#include <stdlib.h>

#include "vigie/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool promise)
{
	if (!promise)
		abort();
}

static uint64_t walk(const struct yaml_node *node, unsigned depth)
{
	uint64_t nodes = 1;

	must(depth <= YAML_DEPTH_MAX + 1 && node->line > 0 && node->column > 0 && !node->open);
	if (node->type == YAML_SCALAR) {
		int line = node->line, column = node->content_column;

		must(yaml_column(node, node->text.n) >= node->column);
		yaml_locate(node->source, node->quote, node->text, node->text.n / 2, &line,
			&column);
		must(line >= node->line && column > 0);
		return nodes;
	}
	for (size_t i = 0; i < node->n; i++) {
		if (node->type == YAML_MAPPING) {
			must(node->pairs[i].key->type == YAML_SCALAR);
			nodes += walk(node->pairs[i].key, depth + 1);
			nodes += walk(node->pairs[i].value, depth + 1);
		} else {
			nodes += walk(node->items[i], depth + 1);
		}
	}
	must(nodes == node->weight);
	return nodes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err_list errors = {0};
	struct yaml y;

	if (yaml_read(&y, span_of((const char *)data, size), "fuzz", &errors) == 0) {
		must(errors.n == 0 && walk(y.root, 1) <= YAML_NODES_MAX);
		yaml_deinit(&y);
	} else {
		must(errors.n > 0);
	}
	err_list_deinit(&errors);
	return 0;
}
