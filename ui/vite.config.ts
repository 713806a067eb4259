import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [svelte()],
  // The oldest webviews that have everything used here, light-dark() and subgrid included.
  build: {
    target: ["safari17.5", "chrome123"],
    // Everything is a file of its own: the content security policy allows neither inline scripts nor data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { port: 1420, strictPort: true },
  resolve: process.env["VITEST"] ? { conditions: ["browser"] } : {},
  test: {
    environment: "jsdom",
    include: ["tests/**/*.test.ts"],
    setupFiles: ["tests/setup.ts"],
    restoreMocks: true,
    // A busy machine is no failure: looking through a whole page for what is not accessible takes seconds there.
    testTimeout: 60_000,
  },
});
