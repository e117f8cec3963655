# A scheduler or a worker of Dask with the whole library, for cinematch run --scheduler; see docs/scaling.md.
# docker build -f deploy/cluster.Dockerfile -t cinematch-cluster .

FROM python:3.11-slim
WORKDIR /src
COPY requirements.lock ./
RUN python -m pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml setup.py README.md LICENSE ./
COPY notebooks notebooks
COPY cinematch_lib cinematch_lib
RUN python -m pip install --no-cache-dir --no-deps --no-build-isolation .
USER 10001:10001
WORKDIR /tmp
