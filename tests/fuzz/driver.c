/* driver.c - runs a fuzz target without a fuzzing engine: over its corpus, then over random bytes
 * and random damage to the corpus, with a fixed seed. So the targets run in every check; link them
 * with -fsanitize=fuzzer instead to hunt. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX 4096
#define SEEDS_MAX 64
#define ROUNDS 200000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct {
	uint8_t bytes[INPUT_MAX];
	size_t len;
} seeds[SEEDS_MAX];
static size_t seed_count;
static uint64_t state = 0x9e3779b97f4a7c15;

static uint32_t
draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32);
}

static void
load(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char path[1024];

	if (!d)
		return;
	while ((e = readdir(d)) && seed_count < SEEDS_MAX) {
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		FILE *f = e->d_name[0] == '.' ? NULL : fopen(path, "rb");
		if (!f)
			continue;
		seeds[seed_count].len = fread(seeds[seed_count].bytes, 1, INPUT_MAX, f);
		seed_count++;
		fclose(f);
	}
	closedir(d);
}

/* A copy of exactly len bytes on the heap, so that a read past the end is seen by ASan. */
static void
run(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	memcpy(copy, bytes, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static void
damage_and_run(void)
{
	uint8_t bytes[INPUT_MAX];
	size_t len = draw() % 64;

	if (seed_count && draw() % 8) {
		size_t s = draw() % seed_count;
		len = seeds[s].len;
		memcpy(bytes, seeds[s].bytes, len);
		if (len && draw() % 4 == 0)
			len = draw() % len;
		for (uint32_t n = draw() % 6; len && n; n--)
			bytes[draw() % len] = (uint8_t)draw();
	} else {
		for (size_t i = 0; i < len; i++)
			bytes[i] = (uint8_t)draw();
	}
	run(bytes, len);
}

int
main(int argc, char **argv)
{
	if (argc > 1)
		load(argv[1]);
	for (size_t i = 0; i < seed_count; i++)
		run(seeds[i].bytes, seeds[i].len);
	for (int i = 0; i < ROUNDS; i++)
		damage_and_run();
	printf("%zu corpus files, %d damaged or random inputs, no fault\n", seed_count, ROUNDS);
	return 0;
}
