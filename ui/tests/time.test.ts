import { describe, expect, it } from "vitest";
import { ago, atSecond, atTime, secondsLeft, span } from "../src/time";

const NOW = Date.UTC(2026, 2, 1, 13, 20, 10);
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

describe("times", () => {
  it("are shown with their zone, and with the date once it is not today", () => {
    expect(atTime(NOW - 18 * MINUTE, NOW, "Europe/Berlin")).toBe("14:02 CET");
    expect(atSecond(NOW, NOW, "Europe/Berlin")).toBe("14:20:10 CET");
    expect(atTime(NOW - DAY, NOW, "Europe/Berlin")).toBe("28 Feb 14:20 CET");
    expect(atTime(NOW - 365 * DAY, NOW, "Europe/Berlin")).toBe("1 Mar 2025 14:20 CET");
  });

  it("change the zone's name with the season", () => {
    expect(atTime(Date.UTC(2026, 6, 1, 12), Date.UTC(2026, 6, 1, 13), "Europe/Berlin")).toBe("14:00 CEST");
  });

  it("count the day in the reader's zone, not in UTC", () => {
    const lateInBerlin = Date.UTC(2026, 2, 1, 22, 30);
    expect(atTime(lateInBerlin, lateInBerlin + 45 * MINUTE, "Europe/Berlin")).toBe("1 Mar 23:30 CET");
  });

  it("show midnight as 00", () => {
    const midnight = Date.UTC(2026, 2, 1, 23);
    expect(atTime(midnight, midnight, "Europe/Berlin")).toBe("00:00 CET");
  });
});

describe("ago", () => {
  it.each([
    [0, "just now"],
    [4_999, "just now"],
    [12_000, "12 s ago"],
    [59_999, "59 s ago"],
    [MINUTE, "1 min ago"],
    [18 * MINUTE + 59_000, "18 min ago"],
    [3 * 60 * MINUTE, "3 h ago"],
    [200 * MINUTE, "3 h 20 min ago"],
    [DAY, "1 day ago"],
    [50 * 60 * MINUTE, "2 days ago"],
  ])("%i ms is %s", (past, said) => {
    expect(ago(NOW - past, NOW)).toBe(said);
  });

  it("forgives a clock that is a little off, and says when it is far off", () => {
    expect(ago(NOW + 2_000, NOW)).toBe("just now");
    expect(ago(NOW + 7 * MINUTE, NOW)).toBe("7 min ahead of this machine's clock");
  });
});

describe("time left", () => {
  it("is rounded up and never negative", () => {
    expect(secondsLeft(NOW + 40_001, NOW)).toBe(41);
    expect(secondsLeft(NOW, NOW)).toBe(0);
    expect(secondsLeft(NOW - 5_000, NOW)).toBe(0);
  });

  it("spans are rounded down", () => {
    expect(span(59_999)).toBe("59 s");
  });
});
