/* inbox: what is put by several threads is taken once, each thread's in its order. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>

#include "io/inbox.h"

enum { WRITERS = 3, LETTERS = 20000 };

struct letter {
	struct inbox_link link;
	int writer, number;
};

struct writer {
	struct inbox *to;
	int number;
	struct letter letters[LETTERS];
};

static struct letter *letter_of(struct inbox_link *link)
{
	return (struct letter *)(void *)link;
}

static void test_oldest_comes_first_and_the_first_put_says_so(void **state)
{
	struct inbox in = {NULL};
	struct letter letters[3] = {{.number = 0}, {.number = 1}, {.number = 2}};
	struct inbox_link *link;

	(void)state;
	assert_null(inbox_take(&in));
	assert_true(inbox_put(&in, &letters[0].link));
	assert_false(inbox_put(&in, &letters[1].link));
	assert_false(inbox_put(&in, &letters[2].link));
	link = inbox_take(&in);
	for (int i = 0; i < 3; i++, link = link->next)
		assert_int_equal(letter_of(link)->number, i);
	assert_null(link);
	assert_null(inbox_take(&in));
	assert_true(inbox_put(&in, &letters[0].link));
}

static void *write_all(void *arg)
{
	struct writer *w = arg;

	for (int i = 0; i < LETTERS; i++) {
		w->letters[i] = (struct letter){.writer = w->number, .number = i};
		(void)inbox_put(w->to, &w->letters[i].link);
	}
	return NULL;
}

static void test_many_writers_and_one_reader(void **state)
{
	static struct writer writers[WRITERS];
	pthread_t threads[WRITERS];
	int next[WRITERS] = {0}, taken = 0;
	struct inbox in = {NULL};

	(void)state;
	for (int i = 0; i < WRITERS; i++) {
		writers[i].to = &in;
		writers[i].number = i;
		assert_int_equal(pthread_create(&threads[i], NULL, write_all, &writers[i]), 0);
	}
	while (taken < WRITERS * LETTERS) {
		struct inbox_link *link = inbox_take(&in);

		if (!link)
			(void)sched_yield();
		for (; link; link = link->next, taken++) {
			const struct letter *l = letter_of(link);

			assert_int_equal(l->number, next[l->writer]++);
		}
	}
	for (int i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_null(inbox_take(&in));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_oldest_comes_first_and_the_first_put_says_so),
		cmocka_unit_test(test_many_writers_and_one_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
