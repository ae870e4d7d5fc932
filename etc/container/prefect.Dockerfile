# Prefect's own image with the message broker for JetStream, from the root of a checkout:
#   docker build -f etc/container/prefect.Dockerfile -t prefect-nats .
FROM prefecthq/prefect:3.9.1-python3.11
COPY etc/prefect_nats /opt/prefect_nats
RUN pip install --no-cache-dir /opt/prefect_nats
