/* file: small files, whole, and never half. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"

static char folder[] = "/tmp/vigie-file-XXXXXX";

static const char *in(const char *name)
{
	static char path[2][256];
	static int turn;

	turn = !turn;
	(void)snprintf(path[turn], sizeof(path[turn]), "%s/%s", folder, name);
	return path[turn];
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[300];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static void what_is_written_is_read(void **state)
{
	struct buf b = {0};
	struct stat st;

	(void)state;
	assert_int_equal(file_write(in("a"), SPAN("one"), 0600), 0);
	assert_int_equal(file_write(in("a"), SPAN("two"), 0600), 0);
	assert_int_equal(file_create(in("a"), SPAN("three"), 0600), -EEXIST);
	assert_int_equal(file_create(in("b"), SPAN("\0four"), 0640), 0);
	assert_int_equal(file_read(&b, in("a"), 3, FILE_PRIVATE | FILE_NOFOLLOW), 0);
	assert_true(span_eq_str(buf_span(&b), "two"));
	assert_int_equal(file_read(&b, in("b"), 99, 0), 0);
	assert_int_equal(b.n, 8);
	assert_int_equal(stat(in("a"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	buf_deinit(&b);
}

static void what_is_refused_says_why(void **state)
{
	struct buf b = {0};
	struct file_info info;

	(void)state;
	assert_int_equal(file_write(in("a"), SPAN("12345"), 0640), 0);
	assert_int_equal(chmod(in("a"), 0640), 0);
	assert_int_equal(symlink("a", in("link")), 0);
	assert_int_equal(mkfifo(in("fifo"), 0600), 0);
	assert_int_equal(file_read(&b, in("a"), 99, FILE_PRIVATE), -EPERM);
	assert_int_equal(file_read(&b, in("link"), 99, FILE_NOFOLLOW), -ELOOP);
	assert_int_equal(file_read(&b, in("fifo"), 99, 0), -EINVAL); /* and at once */
	assert_int_equal(file_read(&b, folder, 99, 0), -EINVAL);
	assert_int_equal(file_read(&b, in("none"), 99, 0), -ENOENT);
	assert_int_equal(file_info(&info, in("fifo")), -EINVAL);
	assert_int_equal(b.n, 0);
	assert_int_equal(file_read(&b, in("a"), 4, 0), -EFBIG);
	assert_true(span_eq_str(buf_span(&b), "1234"));
	assert_int_equal(file_write(in("no/a"), SPAN("x"), 0600), -ENOENT);
	buf_deinit(&b);
	assert_int_equal(unlink(in("link")), 0);
	assert_int_equal(unlink(in("fifo")), 0);
}

static void a_folder_is_walked_in_the_order_of_change(void **state)
{
	static const char *const names[] = {"c", "a", "b"};
	struct file_info info = {.changed_ns = INT64_MIN}, other;
	struct buf name = {0}, last = {0};
	bool more;
	int seen = 0;

	(void)state;
	assert_int_equal(mkdir(in("walk"), 0700), 0);
	assert_int_equal(mkdir(in("walk/folder"), 0700), 0);
	assert_int_equal(file_write(in("walk/.hidden"), SPAN("x"), 0600), 0);
	for (int i = 0; i < 3; i++) {
		char path[16];

		(void)snprintf(path, sizeof(path), "walk/%s", names[i]);
		assert_int_equal(file_write(in(path), SPAN("x"), 0600), 0);
	}
	while (file_next(&name, &other, &more, in("walk"), info.changed_ns, buf_span(&last)) ==
		0) {
		assert_true(other.changed_ns > info.changed_ns ||
			    span_cmp(buf_span(&name), buf_span(&last)) > 0);
		assert_int_equal(more, seen < 2);
		info = other;
		buf_clear(&last);
		buf_add(&last, buf_span(&name));
		buf_clear(&name);
		seen++;
	}
	assert_int_equal(seen, 3);
	/* An old file moved in has changed now, whatever its own date says. */
	assert_int_equal(rename(in("a"), in("walk/old")), 0);
	assert_int_equal(
		file_next(&name, &other, &more, in("walk"), info.changed_ns, buf_span(&last)),
		0);
	assert_true(span_eq_str(buf_span(&name), "old"));
	assert_int_equal(file_next(&name, &other, &more, in("none"), 0, SPAN_NONE), -ENOENT);
	buf_deinit(&name);
	buf_deinit(&last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_is_refused_says_why),
		cmocka_unit_test(a_folder_is_walked_in_the_order_of_change),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
