# scripts/build-image builds it with buildah on a base of Debian's packages, without a registry. Elsewhere:
#
#   docker build -t spineview .
#   docker run --rm -p 8000:8000 -v spineview-data:/data spineview
#
# Its log shows the one-time link that makes the first administrator.
# For a CUDA GPU: --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cu130, and `docker run --gpus all`.

ARG BASE=python:3.12-slim
FROM $BASE AS build
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
# A folder of wheels that are taken before those of an index.
ARG PIP_FIND_LINKS=
RUN python -m venv /opt/spineview
ENV PATH=/opt/spineview/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# torch first and alone, so that nothing else can pull in another build of it.
RUN pip install --index-url "$TORCH_INDEX" torch==2.13.0
WORKDIR /src
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY segmentation segmentation
COPY webapp webapp
COPY static static
COPY templates templates
RUN pip install --constraint requirements.lock .

FROM $BASE
# VTK's wheel loads these at import, even where nothing is drawn.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libegl1 libgl1 libgomp1 libx11-6 libxrender1 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home --uid 10001 spineview && install -d -o spineview -g spineview -m 0700 /data
COPY --from=build /opt/spineview /opt/spineview
ENV PATH=/opt/spineview/bin:$PATH PYTHONUNBUFFERED=1 \
    SPINEVIEW_HOST=0.0.0.0 SPINEVIEW_PORT=8000 SPINEVIEW_DATA_DIR=/data SPINEVIEW_ACCOUNTS=true
USER spineview
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
# Studies live in the volume; SIGTERM ends the server, and a job that was running is run again at the next start.
CMD ["spineview", "serve"]
