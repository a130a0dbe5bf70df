# The image of every flow, of the worker that starts them, and of the commands of `deployments`.
#
# `scripts/build` builds it; any engine that knows build secrets does. An index of packages or a certificate
# authority of one's own are given as secrets, which no layer keeps:
#
#   scripts/build -- --secret id=pip.conf,src=... --secret id=uv.toml,src=... --secret id=ca.pem,src=...
#
# pip.conf serves the installer alone (deployments/installer.lock), uv.toml everything else.
ARG BASE_IMAGE=docker.io/library/python:3.12-slim-bookworm

# What installs, lent to the image while it is made, and the package without its code: name, version, commands.
FROM ${BASE_IMAGE} AS installer
COPY deployments/installer.lock /
RUN --mount=type=secret,id=pip.conf --mount=type=secret,id=ca.pem \
    for file in pip.conf:PIP_CONFIG_FILE ca.pem:PIP_CERT; do \
        if [ -f "/run/secrets/${file%:*}" ]; then export "${file#*:}=/run/secrets/${file%:*}"; fi; \
    done \
    && python -m pip install --quiet --no-cache-dir --disable-pip-version-check --root-user-action=ignore \
        --target /installer --no-deps --require-hashes -r /installer.lock
COPY pyproject.toml README.md LICENSE /package/
RUN cd /package && PYTHONPATH=/installer python -m hatchling build -t wheel -d /wheels

# The code, which any user may read, whatever the umask of the checkout was, and only root write.
FROM ${BASE_IMAGE} AS code
COPY techne /opt/techne/techne
COPY tasks /opt/techne/tasks
COPY blocks /opt/techne/blocks
COPY flows /opt/techne/flows
COPY deployments /opt/techne/deployments
COPY scripts /opt/techne/scripts
COPY samples /opt/techne/samples
COPY prefect.yaml /opt/techne/
RUN chmod -R u=rwX,go=rX /opt/techne \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/techne

# The image.
FROM ${BASE_IMAGE}
# A read-only root keeps no bytecode, so all is compiled here, the standard library too, which the official
# image leaves to each start; by hash and unchecked, because engines may rewrite the times of files.
# The user has a name because `getpass.getuser` asks for one.
RUN python -m pip uninstall --quiet --yes --root-user-action=ignore pip \
    && cd "$(python -c 'import os; print(os.path.dirname(os.__file__))')" \
    && rm -rf ensurepip \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash \
        -x '/(test|tests|idlelib|lib2to3|turtledemo)/' . \
    && echo 'techne:x:10001:10001::/tmp:/usr/sbin/nologin' >> /etc/passwd \
    && echo 'techne:x:10001:' >> /etc/group

# Dependencies: wheels alone, so that nothing is built, and those of the lock. Numpy, scipy and others bring
# their tests along, pyarrow its headers and an RPC library; no run loads them.
COPY requirements.lock /opt/
RUN --mount=type=bind,from=installer,source=/installer,target=/run/installer \
    --mount=type=cache,id=techne-uv,target=/run/uv-cache \
    --mount=type=secret,id=uv.toml --mount=type=secret,id=ca.pem \
    for file in uv.toml:UV_CONFIG_FILE ca.pem:SSL_CERT_FILE; do \
        if [ -f "/run/secrets/${file%:*}" ]; then export "${file#*:}=/run/secrets/${file%:*}"; fi; \
    done \
    && export PATH="/run/installer/bin:$PATH" UV_CACHE_DIR=/run/uv-cache UV_LINK_MODE=copy \
    && uv --quiet venv --python "$(command -v python)" /opt/venv \
    && uv --quiet pip install --python /opt/venv/bin/python \
        --no-build --no-deps --require-hashes -r /opt/requirements.lock \
    && cd /opt/venv/lib/python3*/site-packages \
    && find . -type d -name tests -prune -exec rm -r {} + \
    && rm -r pyarrow/include pyarrow/*_flight*.so* \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash .

# The code isn't installed but on the path, so that its changes leave the layers above as they are.
# What goes is a lock of uv's, which anybody could write.
COPY --from=installer /wheels /opt/wheels
RUN --mount=type=bind,from=installer,source=/installer,target=/run/installer \
    /run/installer/bin/uv --quiet --offline --no-cache pip install --python /opt/venv/bin/python \
        --no-deps /opt/wheels/techne-*.whl \
    && echo /opt/techne > "$(echo /opt/venv/lib/python3*/site-packages)/techne.pth" \
    && rm -f /opt/venv/.lock
COPY --from=code /opt/techne /opt/techne

# Whatever is written is written below /tmp.
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/tmp \
    PREFECT_HOME=/tmp/prefect \
    TECHNE_HOME=/tmp/techne \
    TECHNE_ROOT=/opt/techne \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DO_NOT_TRACK=1
WORKDIR /opt/techne
# A number, so that an orchestrator can tell that it isn't root.
USER 10001:10001
# Fargate gives an empty volume the owner and mode of the VOLUME that it covers; else only root could write.
VOLUME /tmp
# Prefect's worker gives `prefect flow-run execute`, which an entry point would only wrap. Health is the
# flow run's heartbeat; there is no port to ask.
CMD ["python", "flows/docgen.py", "--output", "/tmp/output"]

ARG VERSION=unknown
ARG REVISION=unknown
ARG CREATED=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="techne" \
      org.opencontainers.image.description="Prefect flows that turn recorded technical training into grounded documents" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE}"
