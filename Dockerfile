FROM node:24-slim AS base
WORKDIR /app
ENV NEXT_TELEMETRY_DISABLED=1

FROM base AS build
COPY package.json package-lock.json ./
RUN npm ci --include=dev --no-audit --no-fund
COPY . .
# The build needs no secret and no database: one image serves every deployment.
RUN npm run build && rm -rf .next/cache && mkdir .next/cache

FROM base AS packages
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM base AS runtime
# All addresses of the container: who can reach it is configured outside.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
COPY --from=packages /app/node_modules ./node_modules
COPY --from=build /app/.next/entry ./.next/entry
COPY --from=build /app/.data/builds ./.data/builds
COPY package.json next.config.ts ./
# The code belongs to root, so a compromised process cannot change it. Only the cache is writable.
RUN install --directory --owner=node --group=node .next/cache
USER node
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/api/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", ".next/entry/main.mjs"]
