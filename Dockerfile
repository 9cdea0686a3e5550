# camrelay in a container: docker build -t camrelay .
# docs/operating.md says how to run it: configuration and secrets are mounted, the state is a volume.
FROM debian:12-slim AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        build-essential pkg-config python3 \
        libavcodec-dev libavformat-dev libavutil-dev libbsd-dev libcurl4-openssl-dev libglib2.0-dev libinih-dev \
        libjson-c-dev libnanomsg-dev libnice-dev libsqlite3-dev libsrtp2-dev libssl-dev libswresample-dev \
        libuv1-dev libwebsockets-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN make -s -j"$(nproc)" PREFIX=/usr all \
    && make -s PREFIX=/usr DESTDIR=/installed install \
    && strip /installed/usr/bin/camctl /installed/usr/sbin/camrelayd /installed/usr/libexec/camrelay/camrelay-worker

FROM debian:12-slim
# The libraries that the programs are linked with; ca-certificates, to know Google and the SFU by.
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates \
        libavcodec59 libavformat59 libavutil57 libbsd0 libcurl4 libglib2.0-0 libinih1 libjson-c5 libnanomsg5 \
        libcap2 libnice10 libsqlite3-0 libsrtp2-1 libssl3 libswresample4 libuv1 libwebsockets17 libwebsockets-evlib-uv \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 970 camrelay \
    && useradd --system --uid 970 --gid camrelay --home-dir /var/lib/camrelay --shell /usr/sbin/nologin camrelay \
    && install -d -m 0750 -o root -g camrelay /etc/camrelay \
    && install -d -m 0700 -o camrelay -g camrelay /var/lib/camrelay \
    && install -d -m 0750 -o camrelay -g camrelay /run/camrelay
COPY --from=build /installed/usr/ /usr/
USER camrelay
VOLUME /var/lib/camrelay
# The log is the container's: camrelayd stays in the foreground, and ends its workers at SIGTERM. No shell in between.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["/usr/bin/camctl", "ping"]
ENTRYPOINT ["/usr/sbin/camrelayd", "-f"]
CMD ["-c", "/etc/camrelay/camrelay.conf"]
