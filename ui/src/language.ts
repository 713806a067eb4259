/*
 * WebKit gives the language as "C" where the system has none set, which is no language tag. uPlot asks for it as soon as it
 * is loaded and would keep the whole window from opening, so this is imported before it.
 */
try {
  new Intl.NumberFormat(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { value: "en" });
}
