/* annexb.c - NAL units out of a stream of bytes. Keeps nothing. Pure, any thread. */
#include "worker/annexb.h"

/* Where the next 00 00 01 begins, or end. */
static const uint8_t *
find_start_code(const uint8_t *p, const uint8_t *end)
{
	for (; end - p >= 3; p++)
		if (p[0] == 0 && p[1] == 0 && p[2] == 1)
			return p;
	return end;
}

bool
annexb_next(struct nal_bytes *rest, struct nal_bytes *nal)
{
	const uint8_t *p = rest->bytes, *end = rest->bytes + rest->len;

	while (rest->len) {
		p = find_start_code(p, end);
		if (p == end)
			break;
		p += 3;
		const uint8_t *next = find_start_code(p, end);
		/* A NAL unit never ends with 00 (7.4.1 of both): those belong to the next start
		 * code. */
		const uint8_t *last = next;
		while (last > p && last[-1] == 0)
			last--;
		*rest = (struct nal_bytes){ .bytes = next, .len = (size_t)(end - next) };
		*nal = (struct nal_bytes){ .bytes = p, .len = (size_t)(last - p) };
		if (nal->len)
			return true;
		p = next;
	}
	rest->len = 0;
	return false;
}
