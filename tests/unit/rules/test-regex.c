/* regex: bounded searches, with machine code and without; the strings a pattern must contain.
 */

#include "desk.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fold.h"
#include "query.h"
#include "regex.h"

static struct regex *make(const char *pattern, unsigned flags)
{
	struct regex *re = NULL;
	char why[REGEX_WHY_SIZE];
	size_t at;

	assert_int_equal(regex_new(&re, span_str(pattern), flags, true, why, &at), 0);
	return re;
}

static void matches_are_not_empty_and_do_not_overlap(void **state)
{
	struct regex *re = make("a*?|b", 0);
	struct regex_scratch *scratch = NULL;
	size_t start, end;

	(void)state;
	assert_int_equal(regex_scratch_new(&scratch), 0);
	assert_int_equal(regex_find(re, scratch, SPAN("xaab"), 0, &start, &end), REGEX_FOUND);
	assert_true(start == 1 && end == 2);
	assert_int_equal(regex_find(re, scratch, SPAN("xaab"), 3, &start, &end), REGEX_FOUND);
	assert_true(start == 3 && end == 4);
	assert_int_equal(regex_find(re, scratch, SPAN("xaab"), 4, &start, &end), REGEX_NONE);
	(void)regex_scratch_free(scratch);
	(void)regex_unref(re);
}

/* Patterns that take exponential time or much stack, on texts made for them. */
static int hostile(void)
{
	static const struct {
		const char *pattern, *piece;
	} rows[] = {{"(a+)+$", "a"}, {"(a|aa)+$", "a"}, {"(.*)*x", "ab"}, {"(x+x+)+y", "x"},
		{"^(a?){50}a{50}$", "a"}, {"(?:(?:a?)*)*b", "a"}, {"(((a)*)*)*b", "a"},
		{"(*LIMIT_MATCH=4000000000)(a+)+$", "a"}, {"(\\w+\\s?)*$!", "word "}};
	struct regex_scratch *scratch = NULL;
	int translated = 0;

	if (regex_scratch_new(&scratch) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct regex *re = make(rows[i].pattern, 0);
		struct buf text = {0};

		for (int k = 0; k < 3000; k++)
			buf_add_str(&text, rows[i].piece);
		buf_add_str(&text, "!");
		for (int k = 0; k < 12; k++) {
			size_t start, end;

			(void)regex_find(re, scratch, buf_span(&text), 0, &start, &end);
		}
		translated += regex_translated(re);
		buf_deinit(&text);
		(void)regex_unref(re);
	}
	(void)regex_scratch_free(scratch);
	return translated;
}

static void hostile_patterns_are_bounded(void **state)
{
	(void)state;
	assert_true(hostile() >= 0);
}

/* As a system service with MemoryDenyWriteExecute: no memory can be made executable. */
static bool deny_executable_memory(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {sizeof(code) / sizeof(*code), code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void without_executable_memory_the_interpreter_does_it(void **state)
{
	const pid_t child = fork();
	int status = 0;

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		if (!deny_executable_memory())
			_exit(77);
		_exit(hostile()); /* the number of patterns that became machine code */
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void strings_a_pattern_must_contain(void **state)
{
	static const struct {
		const char *pattern, *literals; /* separated by '|' */
	} rows[] = {
		{"colis n°\\d+", "colis n "},
		{"\\bAF-\\d{6}\\b", "af-"},
		{"(foo|barre)baz", "foo|barre"},
		{"(?:foo|barre)bazar", "bazar"},
		{"ab+cde", "cde"},
		{"abc?de", "ab"},
		{"abc{0,2}de", "ab"},
		{"abc{2}{0}de", "ab"},
		{"rouge|vert", "rouge|vert"},
		{"rouge|v?", ""},
		{"[0-9]+ ?€", ""},
		{"(été)+s", "ete"},
		{"(été)*s", ""},
		{"(?=xyz)abc", "abc"},
		{"(?!xyz)abc", "abc"},
		{"(?i)abc(?-i:DEFG)", "defg"},
		{"(?x)a b c", ""},
		{"\\Qab\\E", ""},
		{"(*UCP)abc", ""},
		{"ab\\/cd", "ab/cd"},
		{"ab.cd", "ab"},
		{"[[:alpha:]]abc[]x]d", "abc"},
		{"αβγ", ""},
		{"a\\x41bc", ""},
		{"^*abc", "abc"},
		{"Straße", "strasse"},
		{"(?<name>abc)", "abc"},
		{"(a)(?1)bcd", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct arena arena = {0};
		struct regex_literals l;
		struct buf out = {0};

		assert_int_equal(regex_literals(&l, &arena, span_str(rows[i].pattern)), 0);
		for (size_t k = 0; k < l.n; k++) {
			buf_add_str(&out, k ? "|" : "");
			buf_add(&out, l.items[k]);
		}
		if (!span_eq_str(buf_span(&out), rows[i].literals))
			fail_msg("%s: want \"%s\", got \"%s\"", rows[i].pattern,
				rows[i].literals, out.p ? out.p : "");
		buf_deinit(&out);
		arena_release(&arena);
	}
}

/* Random patterns on random texts: what matches contains one of the strings. */
static void the_strings_are_there_in_every_match(void **state)
{
	static const char *const pieces[] = {"a", "b", "É", "ſ", "-", " ", "x?", "b*", "a+",
		"[ab]", "(ab|É)", "(a|bx)?", ".", "\\w", "s{2}", "(?:k|ß)+", "b{0,1}", "\\b",
		"K"};
	static const char *const texts[] = {
		"a", "b", "É", "e", "s", "S", "-", " ", "x", "k", "K", "ß", "ss", "ẞ", "K"};
	struct regex_scratch *scratch = NULL;
	uint64_t seed = 5;

	(void)state;
	assert_int_equal(regex_scratch_new(&scratch), 0);
	for (int i = 0; i < 4000; i++) {
		struct arena arena = {0};
		struct buf pattern = {0}, text = {0}, form = {0};
		struct regex_literals l;
		struct regex *re;
		size_t start, end;
		bool there = false;

		for (int k = 0; k < 5; k++) {
			seed = seed * 6364136223846793005U + 1442695040888963407U;
			buf_add_str(&pattern,
				pieces[(seed >> 40) % (sizeof(pieces) / sizeof(*pieces))]);
		}
		for (int k = 0; k < 14; k++) {
			seed = seed * 6364136223846793005U + 1442695040888963407U;
			buf_add_str(
				&text, texts[(seed >> 40) % (sizeof(texts) / sizeof(*texts))]);
		}
		re = make(pattern.p, i % 2 ? REGEX_I : 0);
		assert_int_equal(regex_literals(&l, &arena, buf_span(&pattern)), 0);
		fold_token_form(&form, buf_span(&text));
		for (size_t k = 0; k < l.n; k++)
			there |= memmem(form.p, form.n, l.items[k].p, l.items[k].n) != NULL;
		if (l.n && !there &&
			regex_find(re, scratch, buf_span(&text), 0, &start, &end) ==
				REGEX_FOUND)
			fail_msg("/%s/ matches \"%s\"", pattern.p, text.p);
		(void)regex_unref(re);
		buf_deinit(&pattern);
		buf_deinit(&text);
		buf_deinit(&form);
		arena_release(&arena);
	}
	(void)regex_scratch_free(scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First: executable memory once had is kept for the next pattern. */
		cmocka_unit_test(without_executable_memory_the_interpreter_does_it),
		cmocka_unit_test(matches_are_not_empty_and_do_not_overlap),
		cmocka_unit_test(hostile_patterns_are_bounded),
		cmocka_unit_test(strings_a_pattern_must_contain),
		cmocka_unit_test(the_strings_are_there_in_every_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
