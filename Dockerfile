# Constitution Studio in a container. CPU by default; for CUDA wheels:
#   docker build --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cu130 -t constitution-studio .
# The page is reachable from outside the container, so a password, accounts (python -m app user add) or a proxy that names people are required:
#   docker run -p 127.0.0.1:7860:7860 -e STUDIO_PASSWORD=... -v studio-data:/data constitution-studio
FROM python:3.11-slim-bookworm

ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu

RUN useradd --create-home --uid 1000 studio && mkdir -m 700 /data && chown studio:studio /data
WORKDIR /app

# torch first and from the chosen index: it is most of the image and changes least.
COPY requirements.txt .
RUN pip install --no-cache-dir --index-url "$TORCH_INDEX" "$(grep '^torch==' requirements.txt)" \
    && pip install --no-cache-dir -r requirements.txt

COPY app app
COPY core core
COPY db db

USER studio
ENV STUDIO_DATA=/data \
    STUDIO_HOST=0.0.0.0 \
    HF_HOME=/data/hub \
    PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 7860

# A host other than loopback where nobody is asked who they are is refused at start, with the remedy.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import http.client, os; c = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('STUDIO_PORT') or 7860), timeout=4); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]
CMD ["python", "-m", "app"]
