# One image for every command of Hearsay. It contains the model; nothing is downloaded at run time.
FROM python:3.11-slim AS packages
WORKDIR /build
# Dependencies before the code, so a change of the code does not install them again: the three packages are empty here.
COPY pyproject.toml README.md LICENSE ./
COPY .ci/constraints.txt .ci/
RUN mkdir streams detectors schemas \
 && touch streams/__init__.py detectors/__init__.py schemas/__init__.py
# PyPI's torch contains gigabytes of CUDA. PyTorch's own index has the same version without CUDA, as 2.x.y+cpu, which the
# constraint on 2.x.y admits. --no-deps: only torch may come from that index; its dependencies come with the others from
# PyPI, where pip finds torch installed and keeps it.
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
# Owned by the user, because `hearsay publish` writes its position to a file in the same folder.
COPY --chown=hearsay examples examples
USER hearsay
# Write the onnxruntime form of the model into the image, so a container starts at once.
RUN hearsay doctor
EXPOSE 6066
# Call a worker's /health on its port. Other commands serve nothing: switch the check off for them.
HEALTHCHECK --interval=10s --timeout=10s --start-period=60s --retries=6 CMD ["python", "-c", "import os, urllib.request; \
urllib.request.urlopen('http://127.0.0.1:' + os.environ.get('HEARSAY_WORKER__PORT', '6066') + '/health', timeout=5)"]
ENTRYPOINT ["hearsay"]
CMD ["--help"]
