/* test_srtp.c - sealing against OpenSSL's AES, HMAC and GCM and the key derivation of RFC 3711 B.3.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "common/err.h"
#include "worker/srtp.h"

#define SSRC 0xcafebabeU
#define PAYLOAD 100
#define RTP_HEADER 12

/* RFC 3711 B.3; for GCM the salt's first 12 bytes. */
static const uint8_t master[SRTP_MASTER_MAX] = { 0xe1, 0xf9, 0x7a, 0x0d, 0x3e, 0x01, 0x8b, 0xe0,
	0xd6, 0x4f, 0xa3, 0x2c, 0x06, 0xde, 0x41, 0x39, 0x0e, 0xc6, 0x75, 0xad, 0x49, 0x8a, 0xfe,
	0xeb, 0xb6, 0x96, 0x0b, 0x3a, 0xab, 0xe6 };
static const uint8_t other[SRTP_MASTER_MAX] = { 1, 2, 3 };

struct ends {
	struct srtp *a;
	struct srtp *b;
};

static struct ends
ends_new(enum srtp_profile profile)
{
	struct srtp_keys ours = { .profile = profile };
	struct srtp_keys theirs = { .profile = profile };
	struct ends e = { 0 };

	memcpy(ours.ours, master, sizeof(master));
	memcpy(ours.theirs, other, sizeof(other));
	memcpy(theirs.ours, other, sizeof(other));
	memcpy(theirs.theirs, master, sizeof(master));
	assert_int_equal(srtp_new(&e.a, &ours), 0);
	assert_int_equal(srtp_new(&e.b, &theirs), 0);
	return e;
}

static void
ends_free(struct ends *e)
{
	srtp_free(e->a);
	srtp_free(e->b);
}

static size_t
rtp(uint8_t *out, uint16_t seq)
{
	const uint8_t header[RTP_HEADER] = { 0x80, 96, (uint8_t)(seq >> 8), (uint8_t)seq, 0, 0, 1,
		2, 0xca, 0xfe, 0xba, 0xbe };

	memcpy(out, header, sizeof(header));
	for (int i = 0; i < PAYLOAD; i++)
		out[RTP_HEADER + i] = (uint8_t)(i + seq);
	return RTP_HEADER + PAYLOAD;
}

static size_t
rtcp(uint8_t *out)
{
	const uint8_t rr[8] = { 0x80, 201, 0, 1, 0xca, 0xfe, 0xba, 0xbe };

	memcpy(out, rr, sizeof(rr));
	return sizeof(rr);
}

/* ---- the other implementation ---------------------------------------------------------------- */

static void
aes_ctr(const uint8_t key[16], const uint8_t iv[16], uint8_t *bytes, size_t len)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;

	assert_int_equal(EVP_EncryptInit_ex(ctx, EVP_aes_128_ctr(), NULL, key, iv), 1);
	assert_int_equal(EVP_EncryptUpdate(ctx, bytes, &n, bytes, (int)len), 1);
	EVP_CIPHER_CTX_free(ctx);
}

/* RFC 3711 4.3.1 and 4.3.3, key_derivation_rate 0. */
static void
derive(uint8_t label, size_t salt_len, uint8_t *out, size_t len)
{
	uint8_t iv[16] = { 0 };

	memcpy(iv, master + SRTP_KEY_BYTES, salt_len);
	iv[7] ^= label;
	memset(out, 0, len);
	aes_ctr(master, iv, out, len);
}

static void
xor_u32(uint8_t *at, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		at[i] ^= (uint8_t)(v >> (24 - 8 * i));
}

static size_t
seal_cm_by_hand(uint8_t *packet, size_t len, uint32_t roc, uint16_t seq)
{
	uint8_t key[16], auth[20], iv[16] = { 0 }, tag[20], tail[4] = { 0 };
	unsigned tag_len;

	derive(0, 14, key, sizeof(key));
	derive(1, 14, auth, sizeof(auth));
	derive(2, 14, iv, 14);
	xor_u32(iv + 4, SSRC);
	xor_u32(iv + 8, roc);
	iv[12] ^= (uint8_t)(seq >> 8);
	iv[13] ^= (uint8_t)seq;
	aes_ctr(key, iv, packet + RTP_HEADER, len - RTP_HEADER);
	xor_u32(tail, roc);
	memcpy(packet + len, tail, 4);
	HMAC(EVP_sha1(), auth, sizeof(auth), packet, len + 4, tag, &tag_len);
	memcpy(packet + len, tag, 10);
	return len + 10;
}

static size_t
seal_gcm_by_hand(uint8_t *packet, size_t len, uint32_t roc, uint16_t seq)
{
	uint8_t key[16], iv[12];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t *body = packet + RTP_HEADER;
	int n;

	derive(0, 12, key, sizeof(key));
	derive(2, 12, iv, sizeof(iv));
	xor_u32(iv + 2, SSRC);
	xor_u32(iv + 6, roc);
	iv[10] ^= (uint8_t)(seq >> 8);
	iv[11] ^= (uint8_t)seq;
	assert_int_equal(EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, key, iv), 1);
	assert_int_equal(EVP_EncryptUpdate(ctx, NULL, &n, packet, RTP_HEADER), 1);
	assert_int_equal(EVP_EncryptUpdate(ctx, body, &n, body, (int)len - RTP_HEADER), 1);
	assert_int_equal(EVP_EncryptFinal_ex(ctx, packet + len, &n), 1);
	EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, 16, packet + len);
	EVP_CIPHER_CTX_free(ctx);
	return len + 16;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void
the_derivation_here_gives_the_keys_of_rfc_3711_b3(void **state)
{
	const uint8_t cipher_key[16] = { 0xc6, 0x1e, 0x7a, 0x93, 0x74, 0x4f, 0x39, 0xee, 0x10, 0x73,
		0x4a, 0xfe, 0x3f, 0xf7, 0xa0, 0x87 };
	const uint8_t salt[14] = { 0x30, 0xcb, 0xbc, 0x08, 0x86, 0x3d, 0x8c, 0x85, 0xd4, 0x9d, 0xb3,
		0x4a, 0x9a, 0xe1 };
	uint8_t out[16];

	(void)state;
	derive(0, 14, out, 16);
	assert_memory_equal(out, cipher_key, 16);
	derive(2, 14, out, 14);
	assert_memory_equal(out, salt, 14);
}

static void
compare_over_the_wrap(
	enum srtp_profile profile, size_t (*by_hand)(uint8_t *, size_t, uint32_t, uint16_t))
{
	struct ends e = ends_new(profile);
	uint8_t ours[256], hand[256];

	for (uint32_t index = 32000; index < 65536 + 20; index++) {
		const uint16_t seq = (uint16_t)index;
		size_t len = rtp(ours, seq);
		size_t hand_len = rtp(hand, seq);

		assert_int_equal(srtp_seal_rtp(e.a, ours, &len), 0);
		if (index > 32010 && index < 65526)
			continue;
		hand_len = by_hand(hand, hand_len, index >> 16, seq);
		assert_int_equal(len, hand_len);
		assert_memory_equal(ours, hand, len);
	}
	ends_free(&e);
}

static void
cm_is_what_openssl_makes_of_it_even_after_the_sequence_wraps(void **state)
{
	(void)state;
	compare_over_the_wrap(SRTP_AES128_CM_SHA1, seal_cm_by_hand);
}

static void
gcm_is_what_openssl_makes_of_it_even_after_the_sequence_wraps(void **state)
{
	(void)state;
	compare_over_the_wrap(SRTP_AES128_GCM, seal_gcm_by_hand);
}

static void
what_one_seals_the_other_opens(void **state)
{
	const enum srtp_profile profiles[] = { SRTP_AES128_GCM, SRTP_AES128_CM_SHA1 };
	uint8_t sealed[256], plain[256];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct ends e = ends_new(profiles[i]);
		size_t plain_len = rtp(plain, 7), len = rtp(sealed, 7);

		assert_int_equal(srtp_seal_rtp(e.a, sealed, &len), 0);
		assert_true(len > plain_len && len <= plain_len + SRTP_TRAILER_MAX);
		assert_int_equal(srtp_open_rtp(e.b, sealed, &len), 0);
		assert_int_equal(len, plain_len);
		assert_memory_equal(sealed, plain, len);

		plain_len = rtcp(plain);
		len = rtcp(sealed);
		assert_int_equal(srtp_seal_rtcp(e.a, sealed, &len), 0);
		assert_true(len > plain_len && len <= plain_len + SRTP_TRAILER_MAX);
		assert_int_equal(srtp_open_rtcp(e.b, sealed, &len), 0);
		assert_int_equal(len, plain_len);
		assert_memory_equal(sealed, plain, len);
		ends_free(&e);
	}
}

static void
a_flipped_bit_is_untrusted(void **state)
{
	struct ends e = ends_new(SRTP_AES128_GCM);
	uint8_t packet[256];
	size_t len = rtp(packet, 7);

	(void)state;
	assert_int_equal(srtp_seal_rtp(e.a, packet, &len), 0);
	packet[40] ^= 1;
	assert_int_equal(srtp_open_rtp(e.b, packet, &len), ERR_UNTRUSTED);
	len = rtcp(packet);
	assert_int_equal(srtp_seal_rtcp(e.a, packet, &len), 0);
	packet[len - 1] ^= 1;
	assert_int_equal(srtp_open_rtcp(e.b, packet, &len), ERR_UNTRUSTED);
	ends_free(&e);
}

static void
a_replay_is_refused(void **state)
{
	struct ends e = ends_new(SRTP_AES128_CM_SHA1);
	uint8_t first[256], again[256];
	size_t len = rtp(first, 7), again_len;

	(void)state;
	assert_int_equal(srtp_seal_rtp(e.a, first, &len), 0);
	memcpy(again, first, len);
	again_len = len;
	assert_int_equal(srtp_open_rtp(e.b, first, &len), 0);
	assert_int_equal(srtp_open_rtp(e.b, again, &again_len), ERR_RANGE);
	ends_free(&e);
}

static void
a_resend_is_the_same_bytes_again(void **state)
{
	struct ends e = ends_new(SRTP_AES128_GCM);
	uint8_t first[256], packet[256];
	size_t first_len = rtp(first, 65000), len;

	(void)state;
	assert_int_equal(srtp_seal_rtp(e.a, first, &first_len), 0);
	for (uint32_t i = 1; i < SRTP_RESEND_WINDOW - 1; i++) { /* over the wrap */
		len = rtp(packet, (uint16_t)(65000 + i));
		assert_int_equal(srtp_seal_rtp(e.a, packet, &len), 0);
	}
	len = rtp(packet, 65000);
	assert_int_equal(srtp_seal_rtp(e.a, packet, &len), 0);
	assert_int_equal(len, first_len);
	assert_memory_equal(packet, first, len);
	ends_free(&e);
}

static void
a_resend_from_before_the_window_is_out_of_range(void **state)
{
	struct ends e = ends_new(SRTP_AES128_GCM);
	uint8_t packet[256];
	size_t len;

	(void)state;
	for (uint32_t seq = 10; seq <= 10 + SRTP_RESEND_WINDOW; seq++) {
		len = rtp(packet, (uint16_t)seq);
		assert_int_equal(srtp_seal_rtp(e.a, packet, &len), 0);
	}
	len = rtp(packet, 10);
	assert_int_equal(srtp_seal_rtp(e.a, packet, &len), ERR_RANGE);
	ends_free(&e);
}

static void
junk_is_a_parse_error(void **state)
{
	struct ends e = ends_new(SRTP_AES128_GCM);
	uint8_t junk[64] = { 0x80 };
	size_t len = 5;

	(void)state;
	assert_int_equal(srtp_seal_rtp(e.a, junk, &len), ERR_PARSE);
	assert_int_equal(len, 5);
	assert_int_equal(srtp_open_rtp(e.b, junk, &len), ERR_PARSE);
	assert_int_equal(srtp_open_rtcp(e.b, junk, &len), ERR_PARSE);
	ends_free(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_derivation_here_gives_the_keys_of_rfc_3711_b3),
		cmocka_unit_test(cm_is_what_openssl_makes_of_it_even_after_the_sequence_wraps),
		cmocka_unit_test(gcm_is_what_openssl_makes_of_it_even_after_the_sequence_wraps),
		cmocka_unit_test(what_one_seals_the_other_opens),
		cmocka_unit_test(a_flipped_bit_is_untrusted),
		cmocka_unit_test(a_replay_is_refused),
		cmocka_unit_test(a_resend_is_the_same_bytes_again),
		cmocka_unit_test(a_resend_from_before_the_window_is_out_of_range),
		cmocka_unit_test(junk_is_a_parse_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
