/*
 * replay: runs a fuzz target over the files of its corpus folders, so that every find stays a
 * test. Usage: TARGET FOLDER…
 */

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t n = 0, capacity = 0, got;

	if (!f)
		return -1;
	do {
		if (n == capacity) {
			uint8_t *bigger =
				realloc(data, capacity = capacity ? capacity * 2 : 65536);

			if (!bigger)
				abort();
			data = bigger;
		}
		got = fread(data + n, 1, capacity - n, f);
		n += got;
	} while (got);
	(void)fclose(f);
	(void)LLVMFuzzerTestOneInput(data, n);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	int ran = 0;

	for (int i = 1; i < argc; i++) {
		DIR *folder = opendir(argv[i]);
		struct dirent *entry;

		if (!folder) {
			(void)fprintf(stderr, "%s: no such corpus folder\n", argv[i]);
			return 1;
		}
		while ((entry = readdir(folder))) {
			char path[4096];

			if (entry->d_name[0] == '.')
				continue;
			(void)snprintf(path, sizeof(path), "%s/%s", argv[i], entry->d_name);
			ran += run_file(path) == 0;
		}
		(void)closedir(folder);
	}
	(void)printf("%d inputs\n", ran);
	return ran ? 0 : 1;
}
