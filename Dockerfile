# The real deployment: no embedded database, no development packages, not root, nothing to write to but /data and /tmp.
# `npm run check:image` replays these lines without a container engine, and runs what they make.
FROM node:24.21-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json tsconfig.json tsconfig.build.json ./
COPY scripts/build.mjs scripts/check-health.mjs ./scripts/
COPY src ./src
COPY projections ./projections
COPY migrations ./migrations
# The console uses the client.
COPY clients/typescript/src ./clients/typescript/src
COPY console ./console
COPY seed ./seed
RUN npm ci --include=dev && npm prune --omit=dev --omit=optional --ignore-scripts

FROM node:24.21-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/seed ./seed
COPY --from=build /app/scripts/check-health.mjs ./scripts/
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
ENV ORDERLOG_DATA_DIR=/data
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 CMD ["node", "scripts/check-health.mjs"]
# Plain node, no npm: signals reach the process, which drains on SIGTERM.
ENTRYPOINT ["node", "dist/src/cli.js"]
CMD ["serve"]
