# The server with the base of the library and the extra `serve`: docker build -t cinematch .
# It serves the current run of /srv/artifacts and stores what people say in /srv/state; see docs/serving.md.

FROM python:3.11-slim AS build
WORKDIR /src
COPY requirements-serve.lock ./
RUN python -m venv /opt/cinematch
RUN /opt/cinematch/bin/python -m pip install --no-cache-dir --require-hashes -r requirements-serve.lock
COPY pyproject.toml setup.py README.md LICENSE ./
COPY notebooks notebooks
COPY cinematch_lib cinematch_lib
RUN /opt/cinematch/bin/python -m pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
COPY --from=build /opt/cinematch /opt/cinematch
RUN mkdir -p /srv/artifacts /srv/state && chown 10001:10001 /srv/state
USER 10001:10001
WORKDIR /srv
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["/opt/cinematch/bin/python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=3)"]
CMD ["/opt/cinematch/bin/cinematch", "serve", "--host", "0.0.0.0", "--port", "8000", "--artifacts-dir", "/srv/artifacts", "--state", "/srv/state"]
