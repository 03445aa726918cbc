# The job alone, as a user without privileges. Mount a volume for the warehouse, and give the credentials in the
# environment or mount .dlt/secrets.toml; none belongs into the image.
#   docker build -t billhouse .
#   docker run --rm --env-file accounts.env -v billhouse:/var/lib/billhouse billhouse
# docs/environment.md has secrets from files, and a root that is read-only.
#   docker build --build-arg EXTRAS="--extra report --extra lake" …    for a warehouse in shards (docs/scale.md)
FROM python:3.11-slim AS build
ARG EXTRAS="--extra report"
WORKDIR /source
RUN pip install --no-cache-dir uv
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --frozen --no-dev $EXTRAS --no-install-project
COPY sources sources
COPY pipelines pipelines
COPY transforms transforms
COPY sandbox sandbox
RUN uv sync --frozen --no-dev $EXTRAS --no-editable

FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/billhouse billhouse
COPY --from=build /source/.venv /source/.venv
# A number, so that Kubernetes sees that it isn't root.
USER 10001
WORKDIR /var/lib/billhouse
ENV PATH=/source/.venv/bin:$PATH WAREHOUSE__DIRECTORY=/var/lib/billhouse/warehouse
VOLUME /var/lib/billhouse
ENTRYPOINT ["billhouse"]
CMD ["run", "--log-format", "json"]
