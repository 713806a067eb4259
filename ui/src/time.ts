const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "14:02 CET", with the date in front when it is not today: "28 Feb 14:02 CET". */
export function atTime(ms: number, now: number, zone: string): string {
  return format(ms, now, zone, { hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
}

/** "14:02:07 CET": for the steps of something that takes seconds. */
export function atSecond(ms: number, now: number, zone: string): string {
  return format(ms, now, zone, {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
  });
}

/** "14:02": where the zone stands beside it already, as on an axis. */
export function clockTime(ms: number, zone: string): string {
  return new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    timeZone: zone,
    hourCycle: "h23",
  }).format(ms);
}

/** "18 min ago". A time ahead of this machine's clock is said to be so. */
export function ago(ms: number, now: number): string {
  const past = now - ms;
  if (past < -MINUTE) return `${span(-past)} ahead of this machine's clock`;
  if (past < 5 * SECOND) return "just now";
  return `${span(past)} ago`;
}

/** "41 s", "18 min", "3 h 20 min", "2 days": rounded down, at most two units. */
export function span(ms: number): string {
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) {
    const minutes = Math.floor((ms % HOUR) / MINUTE);
    return minutes === 0 ? `${Math.floor(ms / HOUR)} h` : `${Math.floor(ms / HOUR)} h ${minutes} min`;
  }
  const days = Math.floor(ms / DAY);
  return days === 1 ? "1 day" : `${days} days`;
}

/** How long is left, in whole seconds rounded up, so that it reads 0 only when nothing is left. */
export function secondsLeft(until: number, now: number): number {
  return Math.max(0, Math.ceil((until - now) / SECOND));
}

function format(ms: number, now: number, zone: string, clock: Intl.DateTimeFormatOptions): string {
  const options: Intl.DateTimeFormatOptions = { ...clock, timeZone: zone, hourCycle: "h23" };
  const time = new Intl.DateTimeFormat("en-GB", options).format(ms);
  const today = day(now, zone);
  const then = day(ms, zone);
  if (then.all === today.all) return time;
  return then.year === today.year ? `${then.short} ${time}` : `${then.all} ${time}`;
}

function day(ms: number, zone: string): { all: string; short: string; year: string } {
  const part = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone }).format(ms);
  const short = part({ day: "numeric", month: "short" });
  const year = part({ year: "numeric" });
  return { short, year, all: `${short} ${year}` };
}
