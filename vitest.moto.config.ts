import { defineConfig } from "vitest/config";

/** The second opinion: the same kinds against moto, an emulator that nobody here wrote. */
export default defineConfig({
  test: {
    include: ["test/moto/**/*.test.ts"],
    env: { AWS_EC2_METADATA_DISABLED: "true", AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
    testTimeout: 300_000,
    hookTimeout: 120_000,
    pool: "forks",
    maxWorkers: 1,
  },
});
