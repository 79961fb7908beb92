#include "regex.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "query_tree.h"

enum {
	JIT_AFTER = 8, /* searches: a translation costs about as many */
	JIT_STACK_START = 32 * 1024,
	JIT_STACK_MAX = 512 * 1024,
	MATCH_STEPS = 200 * 1000, /* and some for each byte: a few milliseconds */
	MATCH_STEPS_PER_BYTE = 20,
	MATCH_DEPTH = 20 * 1000,
	MATCH_HEAP_KIB = 8 * 1024
};

struct regex {
	atomic_uint refs;
	pcre2_code *code;
	/* A second copy, translated, or NULL; published once by whoever set `making`. */
	_Atomic(pcre2_code *) fast;
	atomic_uint searches;
	atomic_bool making;
};

struct regex_scratch {
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
};

int regex_new(struct regex **ret, struct span pattern, unsigned flags, bool jit,
	char why[REGEX_WHY_SIZE], size_t *ret_at)
{
	struct regex *re = calloc(1, sizeof(*re));
	uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;
	PCRE2_SIZE at = 0;
	int error = 0;

	if (!re)
		return -ENOMEM;
	options |= flags & REGEX_I ? PCRE2_CASELESS : 0;
	options |= flags & REGEX_M ? PCRE2_MULTILINE : 0;
	options |= flags & REGEX_S ? PCRE2_DOTALL : 0;
	re->code = pcre2_compile((PCRE2_SPTR)(pattern.p ? pattern.p : ""), pattern.n, options,
		&error, &at, NULL);
	if (!re->code) {
		free(re);
		/* PCRE2 numbers "failed to get memory" 121. */
		if (error == 121)
			return -ENOMEM;
		if (pcre2_get_error_message(error, (PCRE2_UCHAR *)why, REGEX_WHY_SIZE) < 0)
			(void)snprintf(why, REGEX_WHY_SIZE, "invalid pattern");
		*ret_at = at;
		return -EINVAL;
	}
	atomic_init(&re->refs, 1);
	atomic_init(&re->fast, NULL);
	atomic_init(&re->making, !jit);
	*ret = re;
	return 0;
}

struct regex *regex_ref(struct regex *re)
{
	atomic_fetch_add_explicit(&re->refs, 1, memory_order_relaxed);
	return re;
}

struct regex *regex_unref(struct regex *re)
{
	if (!re || atomic_fetch_sub_explicit(&re->refs, 1, memory_order_acq_rel) > 1)
		return NULL;
	pcre2_code_free(atomic_load(&re->fast));
	pcre2_code_free(re->code);
	free(re);
	return NULL;
}

size_t regex_size(const struct regex *re)
{
	const pcre2_code *fast = atomic_load(&re->fast);
	size_t n = 0, more = 0;

	(void)pcre2_pattern_info(re->code, PCRE2_INFO_SIZE, &n);
	if (fast) {
		(void)pcre2_pattern_info(fast, PCRE2_INFO_JITSIZE, &more);
		more += n;
	}
	return sizeof(*re) + n + more;
}

bool regex_translated(const struct regex *re)
{
	return atomic_load(&re->fast) != NULL;
}

int regex_scratch_new(struct regex_scratch **ret)
{
	struct regex_scratch *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->data = pcre2_match_data_create(1, NULL);
	s->context = pcre2_match_context_create(NULL);
	s->stack = pcre2_jit_stack_create(JIT_STACK_START, JIT_STACK_MAX, NULL);
	if (!s->data || !s->context) {
		(void)regex_scratch_free(s);
		return -ENOMEM;
	}
	(void)pcre2_set_depth_limit(s->context, MATCH_DEPTH);
	(void)pcre2_set_heap_limit(s->context, MATCH_HEAP_KIB);
	/* Without a stack of its own machine code uses 32 KiB of ours. */
	if (s->stack)
		pcre2_jit_stack_assign(s->context, NULL, s->stack);
	*ret = s;
	return 0;
}

struct regex_scratch *regex_scratch_free(struct regex_scratch *s)
{
	if (!s)
		return NULL;
	pcre2_match_data_free(s->data);
	pcre2_match_context_free(s->context);
	pcre2_jit_stack_free(s->stack);
	free(s);
	return NULL;
}

/* Whoever comes first after JIT_AFTER searches translates a copy; the others go on
 * interpreting. */
static const pcre2_code *code_of(struct regex *re)
{
	pcre2_code *fast = atomic_load_explicit(&re->fast, memory_order_acquire);

	if (fast)
		return fast;
	if (atomic_load_explicit(&re->making, memory_order_relaxed) ||
		atomic_fetch_add_explicit(&re->searches, 1, memory_order_relaxed) < JIT_AFTER ||
		atomic_exchange(&re->making, true))
		return re->code;
	fast = pcre2_code_copy(re->code);
	if (fast && pcre2_jit_compile(fast, PCRE2_JIT_COMPLETE) != 0) {
		pcre2_code_free(fast);
		fast = NULL;
	}
	if (!fast)
		return re->code;
	atomic_store_explicit(&re->fast, fast, memory_order_release);
	return fast;
}

int regex_find(struct regex *re, struct regex_scratch *s, struct span subject, size_t from,
	size_t *ret_start, size_t *ret_end)
{
	const uint32_t options = PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY;
	const uint64_t steps = MATCH_STEPS + (uint64_t)MATCH_STEPS_PER_BYTE * subject.n;
	const PCRE2_SPTR text = (PCRE2_SPTR)(subject.p ? subject.p : "");
	const PCRE2_SIZE *at;
	int r;

	(void)pcre2_set_match_limit(
		s->context, steps > UINT32_MAX ? UINT32_MAX : (uint32_t)steps);
	r = pcre2_match(code_of(re), text, subject.n, from, options, s->data, s->context);
	if (r == PCRE2_ERROR_JIT_STACKLIMIT)
		r = pcre2_match(re->code, text, subject.n, from, options, s->data, s->context);
	if (r == PCRE2_ERROR_NOMATCH)
		return REGEX_NONE;
	if (r < 0)
		return REGEX_EXCEEDED;
	at = pcre2_get_ovector_pointer(s->data);
	if (at[0] >= at[1])
		return REGEX_NONE;
	*ret_start = at[0];
	*ret_end = at[1];
	return REGEX_FOUND;
}
