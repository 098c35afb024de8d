import { endOfMonth, startOfMonth, startOfYear, type CalendarDate } from "@internationalized/date";

export interface Period {
  from: string | null;
  to: string | null;
}

export const PRESETS = ["week", "month", "year", "all", "custom"] as const;
export type Preset = (typeof PRESETS)[number];

export const PRESET_NAMES: Record<Preset, string> = {
  week: "Last 7 days",
  month: "Last month",
  year: "This year",
  all: "All dates",
  custom: "Custom",
};

/** The dates a preset stands for; `today` is today in the tenant's zone. "custom" keeps what is there. */
export function periodOf(preset: Preset, today: CalendarDate, current: Period): Period {
  switch (preset) {
    case "week":
      return { from: today.subtract({ days: 6 }).toString(), to: today.toString() };
    case "month": {
      const last = today.subtract({ months: 1 });
      return { from: startOfMonth(last).toString(), to: endOfMonth(last).toString() };
    }
    case "year":
      return { from: startOfYear(today).toString(), to: today.toString() };
    case "all":
      return { from: null, to: null };
    case "custom":
      return current;
  }
}

/** The preset that gives exactly these dates. */
export function presetOf(period: Period, today: CalendarDate): Preset {
  const same = (preset: Preset) => {
    const other = periodOf(preset, today, period);
    return other.from === period.from && other.to === period.to;
  };
  return PRESETS.find(same) ?? "custom";
}

/** What is wrong with the two dates taken together, in words for the reader, or null. */
export function periodFault(period: Period): string | null {
  if (period.from === null || period.to === null || period.from <= period.to) return null;
  return `The last day, ${period.to}, is before the first, ${period.from}. Choose ${period.from} or a later day.`;
}
