# One image for every command of Hearsay. The model is in it: nothing is fetched at run time.
FROM python:3.11-slim AS packages
WORKDIR /build
# Dependencies before the code, so that a change of the code does not install them again: the three packages are empty here.
COPY pyproject.toml README.md LICENSE ./
COPY .ci/constraints.txt .ci/
RUN mkdir streams detectors schemas \
 && touch streams/__init__.py detectors/__init__.py schemas/__init__.py
# PyPI's torch brings gigabytes of CUDA along. PyTorch's own index has the same version without it, as 2.x.y+cpu, which the
# constraint on 2.x.y admits. --no-deps: nothing but torch may come from there; what it needs comes with the rest from PyPI,
# where pip then finds torch installed and leaves it.
RUN grep -v -E '^(cuda-|nvidia-|triton==)' .ci/constraints.txt > constraints.txt \
 && python -m venv /opt/hearsay \
 && /opt/hearsay/bin/pip install --no-cache-dir -c constraints.txt --no-deps \
      --index-url https://download.pytorch.org/whl/cpu torch \
 && /opt/hearsay/bin/pip install --no-cache-dir -c constraints.txt --only-binary :all: .
COPY schemas schemas
COPY detectors detectors
COPY streams streams
RUN /opt/hearsay/bin/pip install --no-cache-dir --no-deps --force-reinstall .

FROM python:3.11-slim
RUN useradd --create-home --uid 10001 hearsay \
 && install -d -o hearsay /app/examples /runs /var/lib/hearsay
COPY --from=packages /opt/hearsay /opt/hearsay
ENV PATH=/opt/hearsay/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    OMP_NUM_THREADS=1 \
    OPENBLAS_NUM_THREADS=1 \
    TOKENIZERS_PARALLELISM=false \
    HEARSAY_WORKER__DATA_DIR=/var/lib/hearsay \
    HEARSAY_WORKER__HOST=0.0.0.0
WORKDIR /app
# Its user's own, because `hearsay publish` notes beside the file how far it came.
COPY --chown=hearsay examples examples
USER hearsay
# Writes the onnxruntime form of the model into the image, so that a container starts at once.
RUN hearsay doctor
EXPOSE 6066
# Asks a worker whether its loop turns, on the port that it was given; other commands serve nothing, switch it off for them.
HEALTHCHECK --interval=10s --timeout=10s --start-period=60s --retries=6 CMD ["python", "-c", "import os, urllib.request; \
urllib.request.urlopen('http://127.0.0.1:' + os.environ.get('HEARSAY_WORKER__PORT', '6066') + '/health', timeout=5)"]
ENTRYPOINT ["hearsay"]
CMD ["--help"]
