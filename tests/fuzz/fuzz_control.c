/* fuzz_control.c - any bytes as what camctl asks: read to the end or refused with a sentence; a
 * section and a token that were read are written and read back as they came. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ini_file.h"
#include "common/json.h"
#include "supervisor/control_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* ---- add ------------------------------------------------------------------------------------- */

struct reading {
	const struct control_message *asked;
	int headings;
	size_t pairs;
};

static void
on_heading(void *arg, int line, const char *word, const char *name)
{
	struct reading *r = arg;

	(void)line;
	assert(word && strcmp(word, "camera") == 0 && strcmp(name, r->asked->camera) == 0);
	r->headings++;
}

static void
on_pair(void *arg, int line, const char *key, const char *value)
{
	struct reading *r = arg;

	(void)line;
	assert(r->pairs < r->asked->pair_count);
	assert(strcmp(key, r->asked->pairs[r->pairs].key) == 0);
	assert(strcmp(value, r->asked->pairs[r->pairs].value) == 0);
	r->pairs++;
}

static void
check_section(const struct control_message *m)
{
	static const struct ini_events events = { .heading = on_heading, .pair = on_pair };
	const struct ini_section section = {
		.section = "camera", .name = m->camera, .pairs = m->pairs, .count = m->pair_count
	};
	const struct ini_text empty = { .bytes = "", .len = 0 };
	struct reading reading = { .asked = m };
	struct ini_text text;
	char why[200] = "";

	for (size_t i = 0; i < m->pair_count; i++)
		assert(m->pairs[i].key && m->pairs[i].value);
	if (ini_edit_add(&empty, &section, &text, why, sizeof(why)) < 0) {
		assert(*why);
		return;
	}
	struct mistakes mistakes = { .path = "fuzz" };
	ini_file_parse(text.bytes, text.len, &events, &reading, &mistakes);
	assert(mistakes.count == 0 && reading.headings == 1 && reading.pairs == m->pair_count);
	free(text.bytes);
}

/* ---- token_add ------------------------------------------------------------------------------- */

static void
check_token(const struct token *token)
{
	struct tokens *t = tokens_new();
	char why[200] = "";

	assert(token->role != TOKEN_NOBODY && token->camera_count <= TOKEN_CAMERAS_MAX);
	assert(memchr(token->name, '\0', sizeof(token->name)));
	if (tokens_add(t, token, why, sizeof(why)) == 0) {
		char *text = tokens_text(t);
		int err = tokens_parse(t, text, why, sizeof(why));
		assert(err == 0 && tokens_count(t) == 1);
		assert(strcmp(tokens_at(t, 0)->name, token->name) == 0);
		assert(tokens_at(t, 0)->camera_count == token->camera_count);
		free(text);
	} else {
		assert(*why);
	}
	tokens_free(t);
}

/* ---- all ------------------------------------------------------------------------------------- */

static void
check_message(const struct control_message *m)
{
	assert(m->command >= 0 && m->command < CONTROL_COMMANDS);
	assert(!m->must_exist || m->camera);
	assert(!m->all || strcmp(m->camera, "all") == 0);
	assert(m->command != CONTROL_LOGIN_CODE || (m->state && m->code));
	assert((m->command != CONTROL_PROTECT && m->command != CONTROL_UNPROTECT) || m->hour);
	assert(m->command != CONTROL_TOKEN_REMOVE || m->name);
	if (m->command == CONTROL_ADD)
		check_section(m);
	if (m->command == CONTROL_TOKEN_ADD)
		check_token(&m->token);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char why[200] = "";
	struct json *fields = json_parse((const char *)data, len, why, sizeof(why));
	struct control_message m;

	assert(fields || *why);
	if (!fields)
		return 0;
	if (control_message_read(fields, &m, why, sizeof(why)) == 0) {
		check_message(&m);
		control_message_clear(&m);
	} else {
		assert(*why);
	}
	json_free(fields);
	return 0;
}
