# The official image of PostgreSQL with pg_regime; in a database of it, CREATE EXTENSION pg_regime.
#   docker build --build-arg PG=17 --tag pg_regime .
ARG PG=17
ARG DEBIAN=trixie

FROM postgres:${PG}-${DEBIAN} AS build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates curl gcc libc6-dev make "postgresql-server-dev-$PG_MAJOR"
WORKDIR /src
COPY Cargo.toml ./
# the oldest Rust that Cargo.toml allows
RUN curl -sSf --retry 3 https://sh.rustup.rs \
  | sh -s -- -y -q --profile minimal -c rustfmt -c clippy --default-toolchain "$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)"
COPY . .
RUN make install PG_CONFIG="/usr/lib/postgresql/$PG_MAJOR/bin/pg_config" DESTDIR=/installed \
 && strip --strip-unneeded "/installed/usr/lib/postgresql/$PG_MAJOR/lib/pg_regime.so"

FROM postgres:${PG}-${DEBIAN}
COPY --from=build /installed/ /
