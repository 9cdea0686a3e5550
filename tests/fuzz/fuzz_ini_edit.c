/* fuzz_ini_edit.c - any bytes as a configuration file: what is put in can be taken out again and
 * leaves the text as it was, and what is taken out is one piece of it. */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/ini_edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
put_in_and_take_out(const struct ini_text *in)
{
	static const struct ini_pair pair = { .key = "url", .value = "rtsp://h/" };
	static const struct ini_section section = {
		.section = "camera", .name = "fuzz", .pairs = &pair, .count = 1
	};
	const char *text = in->bytes;
	size_t len = in->len;
	struct ini_text added, removed;
	char why[160];

	int err = ini_edit_add(in, &section, &added, why, sizeof(why));
	assert(err == 0 && added.len > len && memcmp(added.bytes, text, len) == 0);
	err = ini_edit_remove(&added, "camera", "fuzz", &removed);
	assert(err == 0);
	/* A last line without its newline has got one, with a CR as the file has them. */
	bool ended = len == 0 || text[len - 1] == '\n';
	assert(removed.len >= len && removed.len <= len + (ended ? 0 : 2));
	assert(memcmp(removed.bytes, text, len) == 0);
	free(added.bytes);
	free(removed.bytes);
}

static void
take_out(const struct ini_text *in)
{
	const char *text = in->bytes;
	size_t len = in->len;
	struct ini_text out;
	size_t head = 0;

	if (ini_edit_remove(in, "camera", "a", &out) < 0)
		return;
	assert(out.len < len && strlen(out.bytes) <= out.len);
	while (head < out.len && out.bytes[head] == text[head])
		head++;
	size_t tail = out.len - head;
	assert(memcmp(out.bytes + head, text + len - tail, tail) == 0);
	free(out.bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ini_text in = { .bytes = (char *)(uintptr_t)data, .len = len };

	put_in_and_take_out(&in);
	take_out(&in);
	return 0;
}
