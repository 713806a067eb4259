import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import { defineConfig } from "eslint/config";
import globals from "globals";
import ts from "typescript-eslint";
import svelteConfig from "./svelte.config.js";

const tauri = { group: ["@tauri-apps/*"], message: "Only src/host/ may know Tauri." };
const dev = { group: ["**/dev/*", "**/tests/*"], message: "The program must not depend on its fixtures." };

export default defineConfig(
  { ignores: ["dist/", "node_modules/", "src/bindings/"] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser } },
    rules: {
      // Svelte's own compiler and TypeScript know better what is defined.
      "no-undef": "off",
      eqeqeq: "error",
      "no-console": "error",
      "no-restricted-imports": ["error", { patterns: [tauri] }],
      "no-restricted-syntax": [
        "error",
        {
          selector: "SvelteAttribute[key.name='style']",
          message: "The content security policy forbids inline styles; use a class or the style: directive.",
        },
        { selector: "SvelteMustacheTag[kind='raw']", message: "Raw HTML would be an injection." },
      ],
    },
  },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: {
      parserOptions: { parser: ts.parser, extraFileExtensions: [".svelte"], svelteConfig },
    },
  },
  {
    files: ["src/**"],
    rules: { "no-restricted-imports": ["error", { patterns: [tauri, dev] }] },
  },
  {
    files: ["src/host/**"],
    rules: { "no-restricted-imports": ["error", { patterns: [dev] }] },
  },
  {
    // Shared components know no feature, features know no other feature's view.
    files: ["src/components/shared/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            tauri,
            dev,
            {
              group: ["**/desk.svelte", "**/host/*", "../phase/*", "../settings/*", "../shell/*"],
              message: "Shared components know no domain.",
            },
          ],
        },
      ],
    },
  },
  { files: ["*.config.*", "tests/**", "dev/**"], languageOptions: { globals: { ...globals.node } } },
);
