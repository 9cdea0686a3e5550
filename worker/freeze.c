/* freeze.c - access units that are repeated.
 * Owns a digest of the last one. Pure; media thread. */
#include <stdlib.h>
#include <string.h>

#include "common/xmalloc.h"
#include "worker/freeze.h"
#include "worker/video_codec.h"

/* An odd constant of 64 bits, the golden ratio's: multiplying by it loses nothing. */
#define MIX UINT64_C(0x9e3779b97f4a7c15)

/* What is compared. Chance makes two pictures equal once in 2^64. */
struct digest {
	uint64_t hash;
	size_t bytes;  /* of all slices; 0: none yet */
	bool numbered; /* the next one of an encoder that runs must be another one */
};

struct freeze {
	struct digest now;  /* of the access unit that is not complete */
	struct digest last; /* of the one before */
	int64_t since_us;   /* when the first of the equal ones came */
	int64_t until_us;   /* and the last; since_us if it has no equal */
};

struct freeze *
freeze_new(void)
{
	struct freeze *f = xcalloc(1, sizeof(*f));

	return f;
}

void
freeze_free(struct freeze *f)
{
	free(f);
}

static uint64_t
mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * MIX;
	return hash ^ hash >> 32;
}

static uint64_t
mix_bytes(uint64_t hash, const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return mix(hash, word);
}

#define STRIDE (4 * sizeof(uint64_t))

/* Four words at a time, none of which waits for another's product. */
static uint64_t
digest_bytes(uint64_t hash, const uint8_t *p, size_t len)
{
	uint64_t a = hash, b = 1, c = 2, d = 3;

	for (; len >= STRIDE; len -= STRIDE, p += STRIDE) {
		a = mix_bytes(a, p);
		b = mix_bytes(b, p + 8);
		c = mix_bytes(c, p + 16);
		d = mix_bytes(d, p + 24);
	}
	hash = mix(mix(mix(a, b), c), d);
	for (; len > 0; len--, p++)
		hash = mix(hash, *p);
	return hash;
}

static void
end_unit(struct freeze *f, int64_t arrived_us)
{
	bool equal =
		f->now.numbered && f->now.bytes == f->last.bytes && f->now.hash == f->last.hash;

	if (!equal)
		f->since_us = arrived_us;
	f->until_us = arrived_us;
	f->last = f->now;
	f->now = (struct digest){ 0 };
}

void
freeze_on_nal(struct freeze *f, const struct video_codec *codec, const uint8_t *nal, size_t len,
	bool last, int64_t arrived_us)
{
	const enum nal_kind kind = codec->kind(nal, len);

	if (kind == NAL_SLICE || kind == NAL_KEY || kind == NAL_PART) {
		f->now.hash = digest_bytes(f->now.hash ^ len, nal, len);
		f->now.bytes += len;
		f->now.numbered = codec->is_numbered(nal);
	}
	if (last && f->now.bytes > 0)
		end_unit(f, arrived_us);
}

void
freeze_restart(struct freeze *f)
{
	*f = (struct freeze){ 0 };
}

int64_t
freeze_ms(const struct freeze *f)
{
	return (f->until_us - f->since_us) / 1000;
}
