/* driver.c - runs a fuzz target without a fuzzing engine: over its corpus, then over random bytes
 * and random damage to the corpus, with a fixed seed. So the targets run in every check; to hunt
 * there is `make fuzz-long` (tests/fuzz/README.md).
 *   fuzz_NAME [--seconds N] CORPUS      N: so long, instead of so many */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define INPUT_MAX 4096
#define ROUNDS 200000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct seed {
	uint8_t bytes[INPUT_MAX];
	size_t len;
} * seeds;
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
load_file(const char *path)
{
	FILE *f = fopen(path, "rb");

	if (!f)
		return;
	seeds = realloc(seeds, (seed_count + 1) * sizeof(*seeds));
	if (!seeds)
		abort();
	seeds[seed_count].len = fread(seeds[seed_count].bytes, 1, INPUT_MAX, f);
	seed_count++;
	fclose(f);
}

/* In the order of their names, so that every machine does the same. */
static void
load(const char *dir)
{
	struct dirent **list;
	char path[1024];
	int n = scandir(dir, &list, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, list[i]->d_name);
		if (list[i]->d_name[0] != '.')
			load_file(path);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
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

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* So many rounds, or for so long; returns how many it were. */
static uint64_t
run_damaged(uint64_t seconds)
{
	uint64_t end = now_ms() + seconds * 1000;
	uint64_t rounds = 0;

	while (seconds ? now_ms() < end : rounds < ROUNDS) {
		damage_and_run();
		rounds++;
	}
	return rounds;
}

int
main(int argc, char **argv)
{
	uint64_t seconds = 0;
	int i = 1;

	if (argc > 2 && strcmp(argv[1], "--seconds") == 0) {
		seconds = strtoull(argv[2], NULL, 10);
		i = 3;
	}
	if (i < argc)
		load(argv[i]);
	for (size_t s = 0; s < seed_count; s++)
		run(seeds[s].bytes, seeds[s].len);
	uint64_t rounds = run_damaged(seconds);
	printf("%zu corpus files, %llu damaged or random inputs, no fault\n", seed_count,
		(unsigned long long)rounds);
	free(seeds);
	return 0;
}
