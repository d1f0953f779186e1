# The service in a container, in two variants:
#   docker build --target cpu -t pconv-inpainting:cpu .      (also what a plain `docker build .` makes)
#   docker build --target gpu -t pconv-inpainting:gpu .      (NVIDIA GPU; fails at start without CUDA)
# BASE may be any Debian-like image with Python 3.11 to 3.13 and its venv module.
ARG BASE=python:3.11-slim

FROM ${BASE} AS build
# pip lives in an environment of its own, so that the one that ships holds nothing but the service.
RUN python3 -m venv /opt/pip && python3 -m venv --without-pip /opt/inpaint
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
# The dependencies first, from the list alone: changes to the code do not install them anew.
COPY docker/install.sh docker/list_requirements.py pyproject.toml ./

# The texture's kernels, with the compiler that the project's own installation takes.
FROM build AS kernels
RUN python3 list_requirements.py build >build.txt && /opt/pip/bin/pip install --requirement build.txt
COPY service/texture/compiling.py texture/
COPY service/texture/kernels/ texture/kernels/
WORKDIR /src/texture
RUN /opt/pip/bin/python -c 'import compiling; compiling.build()'

FROM build AS build-cpu
RUN ./install.sh cpu

FROM build AS build-gpu
RUN ./install.sh gpu

# The float16 variant for GPUs is made of the model here: it is not kept in the repository.
FROM build AS half
RUN python3 list_requirements.py half >requirements.txt \
    && /opt/pip/bin/pip install --requirement requirements.txt
COPY export/ export/
COPY models/inpaint.onnx models/
RUN /opt/pip/bin/python -m export half models/inpaint.onnx

FROM ${BASE} AS runtime
ARG VERSION=0
ARG REVISION=unknown
ARG SOURCE=unknown
# `licenses` is that of the code; the weights have terms of their own.
LABEL org.opencontainers.image.title="pconv-inpainting" \
      org.opencontainers.image.description="Image inpainting with partial convolutions over HTTP" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.licenses="MIT" \
      inpaint.weights.licenses="research and non-commercial use only (models/DATA_NOTICE.md)"
RUN groupadd --gid 10001 inpaint && useradd --uid 10001 --gid 10001 --no-create-home inpaint
# GLIBC_TUNABLES: photos of many megapixels come in huge pages, which cost less to get.
ENV PATH=/opt/inpaint/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    GLIBC_TUNABLES=glibc.malloc.hugetlb=1 \
    INPAINT_HOST=0.0.0.0
WORKDIR /app
COPY models/inpaint.onnx models/MODEL_CARD.md models/DATA_NOTICE.md models/
COPY service/ service/
COPY --from=kernels /src/texture/kernels.so service/texture/
USER 10001:10001
EXPOSE 8000
# `health` asks /health/ready of the server in this container and exits with 0 or 1.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-m", "service", "health"]
ENTRYPOINT ["python", "-m", "service"]
CMD ["serve"]

FROM runtime AS gpu
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility \
    INPAINT_PROVIDER=cuda
COPY --from=half /src/models/inpaint.fp16.onnx models/
COPY --from=build-gpu /opt/inpaint /opt/inpaint

FROM runtime AS cpu
ENV INPAINT_PROVIDER=cpu
COPY models/inpaint.int8.onnx models/
COPY --from=build-cpu /opt/inpaint /opt/inpaint
