# transport.mk - the worker's WebRTC transport: each module with what it is built on.
units += srtp dtls udp_path sender ice consent peer
fuzzers += consent
fuzz_consent = worker/consent.o worker/draw.o common/clock.o
fuzz_consent_libs = nice
unit_srtp = worker/srtp.o worker/srtp_openssl.o
unit_srtp_libs = libsrtp2 openssl
unit_dtls = worker/dtls.o worker/dtls_identity.o worker/srtp.o worker/srtp_openssl.o common/clock.o
unit_dtls_libs = libsrtp2 openssl
ice = worker/ice.o worker/consent.o worker/draw.o worker/loop.o worker/udp_path.o common/clock.o
unit_ice = $(ice) tests/unit/lite.o
unit_ice_libs = nice openssl
unit_consent = $(filter-out worker/draw.o,$(unit_ice))
unit_consent_libs = $(unit_ice_libs)
unit_udp_path = worker/udp_path.o
unit_sender = worker/sender.o worker/srtp.o worker/srtp_openssl.o worker/udp_path.o
unit_sender_libs = libsrtp2 openssl
unit_peer = $(peer) tests/unit/lite.o
unit_peer_libs = $(peer_libs)

# What a peer is made of.
peer = worker/peer.o $(ice) worker/dtls.o worker/dtls_identity.o worker/srtp.o worker/srtp_openssl.o worker/sender.o \
	worker/negotiation.o worker/sdp.o worker/sdp_candidates.o worker/sdp_fingerprint.o worker/sdp_payload.o worker/sdp_text.o worker/sdp_offer.o common/err.o common/log.o
peer_libs = libsrtp2 nice openssl

# One peer against the world: tests/integration/test_peer.py.
$(B)/tests/integration/peer_probe: $(addprefix $(B)/,tests/integration/peer_probe.o worker/rtp.o $(video_codecs) \
		$(peer))
	$(CC) $(LDFLAGS) -o $@ $^ $$(pkg-config --libs $(peer_libs)) -lpthread

# What sending costs: not a test.
$(B)/tests/bench/bench_sender: $(addprefix $(B)/,tests/bench/bench_sender.o worker/sender.o worker/srtp.o worker/srtp_openssl.o \
		worker/udp_path.o)
	$(CC) $(LDFLAGS) -o $@ $^ $$(pkg-config --libs libsrtp2 openssl) -lpthread
