# SPDX-License-Identifier: Apache-2.0
# Two images of one evalx: `worker` (the default: the sandbox and every toolchain that languages/*.yaml names) and `api` (HTTP only, slim).
#
#   docker build -t evalx-worker .                  docker build -t evalx-api --target api .
#   deploy/image/build.sh                           the same without Docker, by buildah, on a base made from the machine's own Debian packages
#
# BASE is any Debian bookworm with apt. How to run them, and what a worker needs to be granted: docs/container.md.
ARG BASE=debian:bookworm-slim

# ---- evalx, stripped, below /out; nothing else of this stage gets anywhere ----
FROM ${BASE} AS build
WORKDIR /src
COPY scripts/setup.sh scripts/
RUN scripts/setup.sh build
COPY meson.build meson_options.txt ./
COPY src src/
COPY languages languages/
COPY hints hints/
COPY docs/evalx.1 docs/
RUN meson setup build --buildtype=release --prefix=/usr/local -Dtests=false >/dev/null \
    && ninja -C build \
    && DESTDIR=/out meson install -C build --no-rebuild --strip --quiet

# ---- what both images share: libraries, a user, no program that changes its user ----
FROM ${BASE} AS libraries
COPY scripts/setup.sh /opt/evalx/scripts/
RUN /opt/evalx/scripts/setup.sh runtime \
    && useradd --no-log-init --no-create-home --uid 10001 --user-group --home-dir /var/lib/evalx --shell /usr/sbin/nologin evalx \
    && install -d -o evalx -g evalx -m 0750 /var/lib/evalx \
    && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/ldconfig/* /var/log/* /opt/evalx
ENV EVALX_LISTEN=0.0.0.0:2358
EXPOSE 2358
ENTRYPOINT ["/usr/local/bin/evalx"]
# Ready is more than alive: the store answers, and the process is not stopping.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["/usr/local/bin/evalx", "health"]
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.vendor="evalx" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.created="${CREATED}"

# ---- evalx api: an ordinary user, no toolchain, no sandbox, writes nothing ----
FROM libraries AS api
COPY --from=build /out/usr/local/bin/evalx /usr/local/bin/
COPY --from=build /out/usr/local/share/evalx /usr/local/share/evalx/
LABEL org.opencontainers.image.title="evalx api" \
    org.opencontainers.image.description="Code execution engine: the HTTP half, around a Redis that workers share"
USER 10001:10001
CMD ["api"]

# ---- evalx worker (also serve, run, doctor): starts as root to build boxes, then serves as the user evalx ----
FROM libraries AS worker
COPY scripts/setup.sh /opt/evalx/scripts/
COPY languages /opt/evalx/languages/
# (The JDK wants to put a link into a folder of manuals, which slim systems lack.)
RUN mkdir -p /usr/share/man/man1 && /opt/evalx/scripts/setup.sh languages \
    && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/ldconfig/* /var/log/* /opt/evalx
COPY --from=build /out/usr/local /usr/local/
LABEL org.opencontainers.image.title="evalx worker" \
    org.opencontainers.image.description="Code execution engine: the half that runs programs, each in a sandbox of its own, with its toolchains"
CMD ["worker"]
