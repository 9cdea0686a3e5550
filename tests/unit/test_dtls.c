/* test_dtls.c - handshakes with ourselves over a wire that loses what we say, and with the openssl
 * program in both roles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/err.h"
#include "worker/dtls.h"

#define DEADLINE_MS 60000
#define NOBODY                                                                                     \
	"00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:"  \
	"00:00:00"

static struct dtls_identity *alice, *bob;

static int
identities_new(void **state)
{
	(void)state;
	return dtls_identity_new(&alice) != 0 || dtls_identity_new(&bob) != 0;
}

static int
identities_free(void **state)
{
	(void)state;
	dtls_identity_free(alice);
	dtls_identity_free(bob);
	return 0;
}

/* ---- two of ours, over a queue each -------------------------------------------------------- */

struct wire {
	struct dtls *d;
	struct {
		uint8_t bytes[2048];
		size_t len;
	} queue[32];
	size_t count, sent;
	uint32_t lose; /* bit n: the datagram number n that this end sends gets lost */
	ms_t next_ms;  /* what dtls_step said */
};

static void
wire_send(void *arg, const uint8_t *datagram, size_t len)
{
	struct wire *w = arg;

	assert_true(len <= DTLS_MTU);
	if ((w->lose & (1U << w->sent++)) != 0)
		return;
	assert_true(w->count < 32);
	memcpy(w->queue[w->count].bytes, datagram, len);
	w->queue[w->count++].len = len;
}

static void
wire_open(struct wire *w, enum dtls_role role, const struct dtls_identity *own, const char *theirs)
{
	const struct dtls_config config = {
		.identity = own,
		.role = role,
		.fingerprint_hash = "sha-256",
		.fingerprints = { theirs },
		.send = wire_send,
		.arg = w,
	};

	assert_int_equal(dtls_new(&w->d, &config), 0);
}

static void
deliver(struct wire *from, struct wire *to)
{
	for (size_t i = 0; i < from->count; i++)
		dtls_receive(to->d, from->queue[i].bytes, from->queue[i].len);
	from->count = 0;
}

/* Runs both until nothing moves without time passing. */
static void
run(struct wire *client, struct wire *server)
{
	do {
		client->next_ms = dtls_step(client->d);
		server->next_ms = dtls_step(server->d);
		deliver(client, server);
		deliver(server, client);
	} while (client->count + server->count > 0);
	client->next_ms = dtls_step(client->d);
	server->next_ms = dtls_step(server->d);
}

static void
pair_open(struct wire *client, struct wire *server)
{
	wire_open(client, DTLS_CLIENT, alice, dtls_identity_fingerprint(bob));
	wire_open(server, DTLS_SERVER, bob, dtls_identity_fingerprint(alice));
}

static void
pair_free(struct wire *client, struct wire *server)
{
	dtls_free(client->d);
	dtls_free(server->d);
}

/* Waits as long as the ends say, again and again, until both are connected. */
static void
run_until_connected(struct wire *client, struct wire *server)
{
	const ms_t deadline = clock_now() + DEADLINE_MS;

	run(client, server);
	while (dtls_state(client->d) != DTLS_CONNECTED || dtls_state(server->d) != DTLS_CONNECTED) {
		ms_t wait = client->next_ms < server->next_ms ? client->next_ms : server->next_ms;

		assert_true(clock_now() < deadline && wait <= 3000);
		poll(NULL, 0, (int)wait);
		run(client, server);
	}
}

static void
both_ends_make_the_same_keys(void **state)
{
	struct wire client = { 0 }, server = { 0 };
	struct srtp_keys c = { 0 }, s = { 0 };
	char text[100];

	(void)state;
	pair_open(&client, &server);
	run(&client, &server);
	assert_int_equal(dtls_state(client.d), DTLS_CONNECTED);
	assert_int_equal(dtls_state(server.d), DTLS_CONNECTED);
	assert_true(client.next_ms == MS_NEVER && server.next_ms == MS_NEVER);
	assert_int_equal(dtls_keys(client.d, &c), 0);
	assert_int_equal(dtls_keys(server.d, &s), 0);
	assert_int_equal(c.profile, SRTP_AES128_GCM);
	assert_memory_equal(c.ours, s.theirs, sizeof(c.ours));
	assert_memory_equal(c.theirs, s.ours, sizeof(c.ours));
	assert_memory_not_equal(c.ours, c.theirs, SRTP_KEY_BYTES);
	assert_string_equal(dtls_describe(server.d, text, sizeof(text)),
		"server ECDHE-ECDSA-AES256-GCM-SHA384 SRTP_AEAD_AES_128_GCM");
	pair_free(&client, &server);
}

static void
a_lost_client_hello_is_sent_again(void **state)
{
	struct wire client = { .lose = 1 }, server = { 0 };

	(void)state;
	pair_open(&client, &server);
	run(&client, &server);
	assert_int_equal(client.sent, 1);
	assert_true(client.next_ms > 0 && client.next_ms <= 200);
	run_until_connected(&client, &server);
	pair_free(&client, &server);
}

static void
any_lost_datagram_is_made_good(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 6; n++) {
		struct wire client = { .lose = 1U << n }, server = { .lose = 1U << (n + 1) };

		pair_open(&client, &server);
		run_until_connected(&client, &server);
		pair_free(&client, &server);
	}
}

static void
a_wrong_fingerprint_is_untrusted_and_the_other_end_is_told(void **state)
{
	struct wire client = { 0 }, server = { 0 };
	const char *why;

	(void)state;
	wire_open(&client, DTLS_CLIENT, alice, NOBODY);
	wire_open(&server, DTLS_SERVER, bob, dtls_identity_fingerprint(alice));
	run(&client, &server);
	assert_int_equal(dtls_state(client.d), DTLS_FAILED);
	assert_int_equal(dtls_error(client.d, &why), ERR_UNTRUSTED);
	assert_non_null(strstr(why, "its SDP says 00:00"));
	assert_int_equal(dtls_state(server.d), DTLS_FAILED);
	assert_int_equal(dtls_error(server.d, &why), ERR_REFUSED);
	assert_non_null(strstr(why, "alert"));
	pair_free(&client, &server);
}

static void
a_server_checks_the_fingerprint_too(void **state)
{
	struct wire client = { 0 }, server = { 0 };
	const char *why;

	(void)state;
	wire_open(&client, DTLS_CLIENT, alice, dtls_identity_fingerprint(bob));
	wire_open(&server, DTLS_SERVER, bob, NOBODY);
	run(&client, &server);
	assert_int_equal(dtls_state(server.d), DTLS_FAILED);
	assert_int_equal(dtls_error(server.d, &why), ERR_UNTRUSTED);
	assert_int_not_equal(dtls_state(client.d), DTLS_CONNECTED);
	pair_free(&client, &server);
}

/* RFC 8122 5: a peer lists one for each certificate that it may use. */
static void
any_of_several_fingerprints_is_enough(void **state)
{
	struct wire client = { 0 }, server = { 0 };
	const struct dtls_config config = {
		.identity = alice,
		.role = DTLS_CLIENT,
		.fingerprint_hash = "sha-256",
		.fingerprints = { NOBODY, dtls_identity_fingerprint(bob) },
		.send = wire_send,
		.arg = &client,
	};

	(void)state;
	assert_int_equal(dtls_new(&client.d, &config), 0);
	wire_open(&server, DTLS_SERVER, bob, dtls_identity_fingerprint(alice));
	run(&client, &server);
	assert_int_equal(dtls_state(client.d), DTLS_CONNECTED);
	assert_int_equal(dtls_state(server.d), DTLS_CONNECTED);
	pair_free(&client, &server);
}

static void
sha_1_is_no_fingerprint(void **state)
{
	const struct dtls_config config = {
		.identity = alice,
		.fingerprint_hash = "sha-1",
		.fingerprints = { "00" },
		.send = wire_send,
	};
	struct dtls *d = NULL;

	(void)state;
	assert_int_equal(dtls_new(&d, &config), ERR_UNSUPPORTED);
	assert_null(d);
}

static void
closing_tells_the_other_end(void **state)
{
	struct wire client = { 0 }, server = { 0 };

	(void)state;
	pair_open(&client, &server);
	run(&client, &server);
	dtls_close(client.d);
	deliver(&client, &server);
	assert_int_equal(dtls_state(client.d), DTLS_CLOSED);
	assert_int_equal(dtls_state(server.d), DTLS_CLOSED);
	pair_free(&client, &server);
}

static void
junk_in_the_handshake_is_ignored(void **state)
{
	struct wire client = { 0 }, server = { 0 };
	uint8_t junk[100];

	(void)state;
	pair_open(&client, &server);
	for (int first = 20; first < 64; first++) {
		memset(junk, first, sizeof(junk));
		dtls_receive(server.d, junk, sizeof(junk));
		dtls_receive(client.d, junk, (size_t)first % 5);
	}
	run(&client, &server);
	assert_int_equal(dtls_state(client.d), DTLS_CONNECTED);
	assert_int_equal(dtls_state(server.d), DTLS_CONNECTED);
	pair_free(&client, &server);
}

/* RFC 6347 4.1.2.7: a record that cannot be what the peer encrypted is dropped, and the association
 * goes on. Anybody can send one. */
static void
an_encrypted_record_that_is_too_short_is_dropped(void **state)
{
	struct wire client = { 0 }, server = { 0 };
	uint8_t record[13 + 32] = { 22, 0xfe, 0xfd, [4] = 1, [10] = 99 };

	(void)state;
	pair_open(&client, &server);
	run(&client, &server);
	for (uint8_t type = 20; type < 24; type++)
		for (uint8_t len = 0; len <= 32; len++) {
			record[0] = type;
			record[12] = len;
			dtls_receive(client.d, record, 13U + len);
			dtls_receive(server.d, record, 13U + len);
		}
	assert_int_equal(dtls_state(client.d), DTLS_CONNECTED);
	assert_int_equal(dtls_state(server.d), DTLS_CONNECTED);
	dtls_close(client.d);
	deliver(&client, &server);
	assert_int_equal(dtls_state(server.d), DTLS_CLOSED);
	pair_free(&client, &server);
}

static void
one_behind_another_record_is_dropped_too(void **state)
{
	struct wire client = { 0 }, server = { 0 };
	uint8_t records[13 + 32 + 13 + 8] = { 22, 0xfe, 0xfd, [4] = 1, [10] = 99, [12] = 32,
		[13 + 32 + 4] = 1, [13 + 32 + 10] = 100, [13 + 32 + 12] = 8 };

	(void)state;
	memcpy(records + 13 + 32, records, 3);
	pair_open(&client, &server);
	run(&client, &server);
	dtls_receive(client.d, records, sizeof(records));
	dtls_receive(server.d, records, sizeof(records));
	assert_int_equal(dtls_state(client.d), DTLS_CONNECTED);
	assert_int_equal(dtls_state(server.d), DTLS_CONNECTED);
	pair_free(&client, &server);
}

/* ---- the openssl program --------------------------------------------------------------------- */

struct openssl {
	pid_t pid;
	FILE *out;
	int in;
	char dir[32];
	const char *key; /* of its certificate, as openssl req -newkey takes it; NULL: RSA 2048 */
	char fingerprint[100];
};

/* Runs a command; its first line of output goes to line. */
static void
shell(const char *command, char *line, size_t size)
{
	FILE *f = popen(command, "r");

	assert_non_null(f);
	if (fgets(line, (int)size, f) == NULL)
		line[0] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	assert_int_equal(pclose(f), 0);
}

static void
openssl_cert(struct openssl *o)
{
	char command[300], line[200];

	strcpy(o->dir, "/tmp/test_dtls.XXXXXX");
	assert_non_null(mkdtemp(o->dir));
	snprintf(command, sizeof(command),
		"openssl req -x509 -newkey %s -nodes -keyout %s/k -out %s/c -subj /CN=x 2>&1",
		o->key != NULL ? o->key : "rsa:2048", o->dir, o->dir);
	shell(command, line, sizeof(line));
	snprintf(command, sizeof(command), "openssl x509 -in %s/c -noout -fingerprint -sha256",
		o->dir);
	shell(command, line, sizeof(line));
	snprintf(o->fingerprint, sizeof(o->fingerprint), "%.95s", strchr(line, '=') + 1);
}

/* arguments: those that differ between the roles, split at blanks by the shell. */
static void
openssl_start(struct openssl *o, const char *arguments)
{
	char command[500];
	int in[2], out[2];

	snprintf(command, sizeof(command),
		"exec openssl %s -dtls1_2 -cert %s/c -key %s/k -keymatexport EXTRACTOR-dtls_srtp "
		"-keymatexportlen 60 2>&1",
		arguments, o->dir, o->dir);
	assert_int_equal(pipe(in) | pipe(out), 0);
	o->pid = fork();
	assert_true(o->pid >= 0);
	if (o->pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		close(out[0]);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	o->in = in[1];
	o->out = fdopen(out[0], "r");
}

/* The rest of the next line that has this word. */
static void
openssl_expect(struct openssl *o, const char *word, char *rest, size_t size)
{
	char line[1000] = "";

	while (strstr(line, word) == NULL)
		assert_non_null(fgets(line, sizeof(line), o->out));
	line[strcspn(line, "\r\n")] = '\0';
	snprintf(rest, size, "%.*s", (int)size - 1, strstr(line, word) + strlen(word));
}

static void
openssl_stop(struct openssl *o)
{
	char command[100], line[10];

	kill(o->pid, SIGKILL);
	waitpid(o->pid, NULL, 0);
	fclose(o->out);
	close(o->in);
	snprintf(command, sizeof(command), "rm -r %s", o->dir);
	shell(command, line, sizeof(line));
}

static void
socket_send(void *arg, const uint8_t *datagram, size_t len)
{
	assert_int_equal(send(*(int *)arg, datagram, len, 0), len);
}

static int
socket_new(struct sockaddr_in *own)
{
	socklen_t len = sizeof(*own);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	*own = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_int_equal(bind(fd, (struct sockaddr *)own, sizeof(*own)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)own, &len), 0);
	return fd;
}

/* Drives d over fd until it left the handshake. A server connects fd to whoever speaks first. */
static void
drive(struct dtls *d, int fd, enum dtls_role role)
{
	const ms_t deadline = clock_now() + DEADLINE_MS;
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);
	uint8_t bytes[2048];

	while (dtls_state(d) == DTLS_HANDSHAKING) {
		ms_t wait = dtls_step(d);
		struct pollfd p = { .fd = fd, .events = POLLIN };

		assert_true(clock_now() < deadline);
		if (poll(&p, 1, wait < 500 ? (int)wait : 500) == 0)
			continue;
		ssize_t n =
			recvfrom(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &from_len);
		assert_true(n >= 0);
		if (role == DTLS_SERVER)
			connect(fd, (struct sockaddr *)&from, from_len);
		dtls_receive(d, bytes, (size_t)n);
	}
}

static void
assert_same_keys(const struct dtls *d, enum dtls_role role, const char *hex)
{
	struct srtp_keys keys = { 0 };
	size_t salt;
	char text[2 * 60 + 1] = "", *at = text;
	const uint8_t *client, *server;

	assert_int_equal(dtls_keys(d, &keys), 0);
	salt = srtp_salt_bytes(keys.profile);
	client = role == DTLS_CLIENT ? keys.ours : keys.theirs;
	server = role == DTLS_CLIENT ? keys.theirs : keys.ours;
	for (int i = 0; i < 16; i++)
		at += sprintf(at, "%02X", client[i]);
	for (int i = 0; i < 16; i++)
		at += sprintf(at, "%02X", server[i]);
	for (size_t i = 0; i < salt; i++)
		at += sprintf(at, "%02X", client[16 + i]);
	for (size_t i = 0; i < salt; i++)
		at += sprintf(at, "%02X", server[16 + i]);
	assert_memory_equal(hex, text, strlen(text));
}

/* srtp: its option, or "". fingerprint NULL: the right one. The socket is left in *fd. */
static struct dtls *
meet_openssl(
	struct openssl *o, enum dtls_role role, const char *srtp, const char *fingerprint, int *fd)
{
	struct dtls_config config = {
		.identity = alice, .role = role, .fingerprint_hash = "sha-256", .send = socket_send
	};
	struct sockaddr_in own, to;
	char arguments[200], rest[100];
	struct dtls *d;

	openssl_cert(o);
	*fd = socket_new(&own);
	if (role == DTLS_CLIENT) {
		snprintf(arguments, sizeof(arguments), "s_server -accept 127.0.0.1:0 %s", srtp);
		openssl_start(o, arguments);
		openssl_expect(o, "ACCEPT 127.0.0.1:", rest, sizeof(rest));
		to = own;
		to.sin_port = htons((uint16_t)atoi(rest));
		assert_int_equal(connect(*fd, (struct sockaddr *)&to, sizeof(to)), 0);
	} else {
		snprintf(arguments, sizeof(arguments), "s_client -connect 127.0.0.1:%u %s",
			ntohs(own.sin_port), srtp);
		openssl_start(o, arguments);
	}
	config.arg = fd;
	config.fingerprints[0] = fingerprint != NULL ? fingerprint : o->fingerprint;
	assert_int_equal(dtls_new(&d, &config), 0);
	drive(d, *fd, role);
	return d;
}

static void
openssl_makes_the_same_keys(enum dtls_role role, const char *srtp, enum srtp_profile profile)
{
	struct openssl o = { 0 };
	struct srtp_keys keys = { 0 };
	char hex[200];
	int fd;
	struct dtls *d = meet_openssl(&o, role, srtp, NULL, &fd);

	assert_int_equal(dtls_state(d), DTLS_CONNECTED);
	assert_int_equal(dtls_keys(d, &keys), 0);
	assert_int_equal(keys.profile, profile);
	openssl_expect(&o, "Keying material: ", hex, sizeof(hex));
	assert_same_keys(d, role, hex);
	dtls_free(d);
	close(fd);
	openssl_stop(&o);
}

static void
openssl_as_server_makes_the_same_keys(void **state)
{
	(void)state;
	openssl_makes_the_same_keys(DTLS_CLIENT,
		"-use_srtp SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80", SRTP_AES128_GCM);
	openssl_makes_the_same_keys(
		DTLS_CLIENT, "-use_srtp SRTP_AES128_CM_SHA1_80", SRTP_AES128_CM_SHA1);
}

static void
openssl_as_client_makes_the_same_keys(void **state)
{
	(void)state;
	openssl_makes_the_same_keys(DTLS_SERVER,
		"-use_srtp SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM", SRTP_AES128_GCM);
	openssl_makes_the_same_keys(
		DTLS_SERVER, "-use_srtp SRTP_AES128_CM_SHA1_80", SRTP_AES128_CM_SHA1);
}

static void
openssl_with_another_certificate_is_untrusted(void **state)
{
	const enum dtls_role roles[] = { DTLS_CLIENT, DTLS_SERVER };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct openssl o = { 0 };
		const char *why;
		int fd;
		struct dtls *d =
			meet_openssl(&o, roles[i], "-use_srtp SRTP_AEAD_AES_128_GCM", NOBODY, &fd);

		assert_int_equal(dtls_state(d), DTLS_FAILED);
		assert_int_equal(dtls_error(d, &why), ERR_UNTRUSTED);
		dtls_free(d);
		close(fd);
		openssl_stop(&o);
	}
}

static void
a_certificate_may_be_of_any_nist_curve(void **state)
{
	const char *const keys[] = { "ec -pkeyopt ec_paramgen_curve:P-256",
		"ec -pkeyopt ec_paramgen_curve:P-384", "ec -pkeyopt ec_paramgen_curve:P-521" };
	const enum dtls_role roles[] = { DTLS_CLIENT, DTLS_SERVER };

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct openssl o = { .key = keys[i / 2] };
		int fd;
		struct dtls *d = meet_openssl(
			&o, roles[i % 2], "-use_srtp SRTP_AEAD_AES_128_GCM", NULL, &fd);

		assert_int_equal(dtls_state(d), DTLS_CONNECTED);
		dtls_free(d);
		close(fd);
		openssl_stop(&o);
	}
}

/* With each kind of cipher. Nothing but its length is right. */
static void
a_forged_record_is_dropped(void **state)
{
	const char *const ciphers[] = { "ECDHE-ECDSA-AES128-GCM-SHA256",
		"ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-SHA" };

	(void)state;
	for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++) {
		struct openssl o = { 0 };
		uint8_t record[13 + 96] = { 22, 0xfe, 0xfd, [4] = 1, [10] = 99 };
		char arguments[100], text[100];
		int fd;

		snprintf(arguments, sizeof(arguments), "-cipher %s -use_srtp SRTP_AEAD_AES_128_GCM",
			ciphers[i]);
		struct dtls *d = meet_openssl(&o, DTLS_SERVER, arguments, NULL, &fd);
		assert_non_null(strstr(dtls_describe(d, text, sizeof(text)), ciphers[i]));
		for (uint8_t len = 0; len <= 96; len++) {
			record[12] = len;
			dtls_receive(d, record, 13U + len);
		}
		assert_int_equal(dtls_state(d), DTLS_CONNECTED);
		dtls_free(d);
		close(fd);
		openssl_stop(&o);
	}
}

/* With each kind of cipher. It is the shortest of records: two bytes. */
static void
a_farewell_is_heard(void **state)
{
	const char *const ciphers[] = { "ECDHE-ECDSA-AES128-GCM-SHA256",
		"ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-SHA" };

	(void)state;
	for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++) {
		struct openssl o = { .key = "ec -pkeyopt ec_paramgen_curve:P-256" };
		const ms_t deadline = clock_now() + DEADLINE_MS;
		char arguments[100];
		uint8_t bytes[2048];
		int fd;

		snprintf(arguments, sizeof(arguments), "-cipher %s -use_srtp SRTP_AEAD_AES_128_GCM",
			ciphers[i]);
		struct dtls *d = meet_openssl(&o, DTLS_SERVER, arguments, NULL, &fd);
		assert_int_equal(write(o.in, "Q\n", 2), 2);
		while (dtls_state(d) == DTLS_CONNECTED) {
			struct pollfd p = { .fd = fd, .events = POLLIN };

			assert_true(clock_now() < deadline);
			if (poll(&p, 1, 500) == 0)
				continue;
			ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
			assert_true(n >= 0);
			dtls_receive(d, bytes, (size_t)n);
		}
		assert_int_equal(dtls_state(d), DTLS_CLOSED);
		dtls_free(d);
		close(fd);
		openssl_stop(&o);
	}
}

static void
a_peer_without_srtp_is_unsupported(void **state)
{
	struct openssl o = { 0 };
	const char *why;
	int fd;
	struct dtls *d = meet_openssl(&o, DTLS_CLIENT, "", NULL, &fd);

	(void)state;
	assert_int_equal(dtls_state(d), DTLS_FAILED);
	assert_int_equal(dtls_error(d, &why), ERR_UNSUPPORTED);
	dtls_free(d);
	close(fd);
	openssl_stop(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_make_the_same_keys),
		cmocka_unit_test(a_lost_client_hello_is_sent_again),
		cmocka_unit_test(any_lost_datagram_is_made_good),
		cmocka_unit_test(a_wrong_fingerprint_is_untrusted_and_the_other_end_is_told),
		cmocka_unit_test(a_server_checks_the_fingerprint_too),
		cmocka_unit_test(any_of_several_fingerprints_is_enough),
		cmocka_unit_test(sha_1_is_no_fingerprint),
		cmocka_unit_test(closing_tells_the_other_end),
		cmocka_unit_test(junk_in_the_handshake_is_ignored),
		cmocka_unit_test(an_encrypted_record_that_is_too_short_is_dropped),
		cmocka_unit_test(one_behind_another_record_is_dropped_too),
		cmocka_unit_test(openssl_as_server_makes_the_same_keys),
		cmocka_unit_test(openssl_as_client_makes_the_same_keys),
		cmocka_unit_test(openssl_with_another_certificate_is_untrusted),
		cmocka_unit_test(a_certificate_may_be_of_any_nist_curve),
		cmocka_unit_test(a_forged_record_is_dropped),
		cmocka_unit_test(a_farewell_is_heard),
		cmocka_unit_test(a_peer_without_srtp_is_unsupported),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, identities_new, identities_free);
}
