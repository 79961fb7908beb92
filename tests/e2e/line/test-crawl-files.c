/*
 * crawl: sources that are files of this machine.
 */

#include "crawl-world.h"

#include <semaphore.h>
#include <sys/stat.h>

#include "io/file.h"

/* --- Files -------------------------------------------------------------------------------- */

static void write_file(const struct world *w, const char *name, const char *content)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/%s", w->folder, name);
	assert_int_equal(file_write(path, span_str(content), 0600), 0);
}

static void a_file_is_read_when_it_changes(void **state)
{
	struct world *w = begin("{}", (struct crawl_options){0}, 0);
	char url[96];

	(void)state;
	write_file(w, "feed.xml", RSS(ITEM("1")));
	(void)snprintf(url, sizeof(url), "file://%s/feed.xml", w->folder);
	source(w, "f", NULL, url, 20);
	configure(w, 0);
	wait_for(w, "f", 1);
	assert_int_equal(commit(w, "f", 0)->n_hits, 1);
	run_for(w, 300);
	for (size_t i = 1; i < count(w, "f"); i++) /* a young file is looked at twice */
		assert_int_equal(commit(w, "f", i)->n_new, 0);
	forget(w);
	write_file(w, "feed.xml", RSS(ITEM("2") ITEM("1")));
	wait_for(w, "f", 1);
	assert_int_equal(commit(w, "f", 0)->n_new, 1);
	assert_int_equal(commit(w, "f", 0)->n_hits, 2);
	run_for(w, 200);
	forget(w);
	write_file(w, "feed.xml", "");
	wait_for(w, "f", 1);
	assert_string_equal(commit(w, "f", 0)->error, "an empty document");
	end(w);
}

static void a_folder_is_read_file_by_file(void **state)
{
	struct world *w = begin("{}", (struct crawl_options){0}, 0);
	size_t hits = 0, errors = 0;
	char path[96], url[96];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/feeds", w->folder);
	assert_int_equal(mkdir(path, 0700), 0);
	write_file(w, "feeds/b.xml", RSS(ITEM("1")));
	write_file(w, "feeds/a.xml", RSS(ITEM("2")));
	write_file(w, "feeds/notes.txt", "nothing of a feed");
	write_file(w, "feeds/c.xml", RSS(ITEM("3")));
	(void)snprintf(url, sizeof(url), "file://%s/feeds", w->folder);
	source(w, "f", NULL, url, 20);
	configure(w, 0);
	wait_for(w, "f", 4);
	run_for(w, 100);
	assert_int_equal(w->n_commits, 4); /* each once */
	for (size_t i = 0; i < 4; i++) {
		hits += commit(w, "f", i)->n_hits;
		errors += *commit(w, "f", i)->error != 0;
	}
	assert_int_equal(hits, 3);
	assert_int_equal(errors, 1);
	write_file(w, "feeds/a.xml", RSS(ITEM("4") ITEM("2")));
	wait_for(w, "f", 5);
	assert_int_equal(commit(w, "f", 4)->n_hits, 2);
	end(w);
}

/* --- The thread --------------------------------------------------------------------------- */

static void hold_thread(void *arg, unsigned thread)
{
	(void)thread;
	while (sem_wait(arg) < 0)
		;
}

static void on_released(void *arg)
{
	(void)arg;
}

/* The one thread there is doesn't come: files wait, and the loop goes on. */
static void files_are_read_by_a_thread(void **state)
{
	struct world *w = begin("{}", (struct crawl_options){0}, 0);
	struct pool_job held = {.run = hold_thread, .done = on_released};
	char url[96];
	sem_t gate;

	(void)state;
	assert_int_equal(sem_init(&gate, 0, 0), 0);
	held.arg = &gate;
	pool_submit(w->pool, &held);
	write_file(w, "feed.xml", RSS(ITEM("1")));
	(void)snprintf(url, sizeof(url), "file://%s/feed.xml", w->folder);
	for (const char *id = "abc"; *id; id++)
		source(w, (const char[]){*id, '\0'}, NULL, url, 60000);
	configure(w, 0);
	run_for(w, 100);
	assert_int_equal(crawl_stats(w->crawl)->in_flight, 3);
	assert_int_equal(w->n_commits, 0);
	/* One at whose file the thread would be, and one that waits, are taken out meanwhile.
	 */
	configure(w, 2);
	assert_int_equal(crawl_stats(w->crawl)->in_flight, 1);
	assert_int_equal(sem_post(&gate), 0);
	wait_for(w, "c", 1);
	assert_int_equal(commit(w, "c", 0)->n_hits, 1);
	run_for(w, 50);
	assert_int_equal(w->n_commits, 1);
	/* And at the end of all. */
	pool_submit(w->pool, &held);
	forget(w);
	configure(w, 0);
	run_for(w, 50);
	assert_int_equal(crawl_stats(w->crawl)->in_flight, 2);
	assert_int_equal(sem_post(&gate), 0);
	end(w);
	(void)sem_destroy(&gate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_read_when_it_changes),
		cmocka_unit_test(a_folder_is_read_file_by_file),
		cmocka_unit_test(files_are_read_by_a_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
