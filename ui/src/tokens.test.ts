import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

type Rgb = readonly [number, number, number];
type Theme = "light" | "dark";

const css = readFileSync(new URL("tokens.css", import.meta.url), "utf8");
const PAIR = /--([\w-]+):\s*light-dark\(#([0-9a-f]{6}), #([0-9a-f]{6})\);/g;
const tokens = new Map([...css.matchAll(PAIR)].map(([, name, light, dark]) => [name ?? "", { light: light ?? "", dark: dark ?? "" }]));

function rgb(hex: string): Rgb {
  const at = (start: number) => Number.parseInt(hex.slice(start, start + 2), 16);
  return [at(0), at(2), at(4)];
}

/** WCAG 2.2 relative luminance. */
function luminance(color: Rgb): number {
  const [r, g, b] = color.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string, theme: Theme): number {
  const [a, b] = [one, other].map((name) => {
    const pair = tokens.get(name);
    if (pair === undefined) throw new Error(`tokens.css has no pair --${name}`);
    return luminance(rgb(pair[theme]));
  }) as [number, number];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/** Each role, the grounds it stands on, and the least contrast in light and dark, as the design states it. */
const LIMITS: [ink: string, grounds: string[], light: number, dark: number][] = [
  ["ink", ["canvas", "surface", "raised", "sunken", "hover", "active", "accent-soft", "fail-soft"], 14.1, 12.8],
  ["ink-2", ["canvas", "surface", "raised", "sunken", "hover", "accent-soft"], 7.2, 8.0],
  ["ink-3", ["canvas", "surface", "raised", "sunken"], 4.5, 5.5],
  ["line-strong", ["canvas", "surface", "sunken"], 3.0, 3.8],
  ["line-strong", ["raised"], 3.0, 3.0],
  ["accent", ["surface", "accent-soft"], 7.3, 7.7],
  ["on-accent", ["accent-fill"], 8.4, 8.2],
  ["on-accent", ["accent-hover"], 8.4, 8.2],
  ["focus", ["canvas", "surface", "raised", "sunken"], 3.0, 3.0],
  ["pass", ["pass-soft"], 6.3, 8.7],
  ["on-fail", ["fail-fill"], 5.9, 5.5],
  ["fail", ["surface", "fail-soft"], 6.3, 8.3],
  ["open", ["open-soft"], 6.6, 9.5],
  ["pass-fill", ["surface", "raised"], 3.0, 3.0],
  ["c1", ["surface", "raised", "sunken", "accent-soft"], 3.0, 3.0],
  ["c2", ["surface", "raised", "sunken"], 3.0, 3.0],
  ["c3", ["surface", "raised", "sunken"], 3.0, 3.0],
  ["c4", ["surface", "raised", "sunken"], 3.0, 3.0],
  ["masked", ["masked-soft", "masked-hatch", "surface", "sunken"], 7.2, 7.4],
];
/** The design rounds its figures to a tenth. */
const ROUNDING = 0.05;

test.each(LIMITS)("%s stands out from %j", (ink, grounds, light, dark) => {
  for (const ground of grounds) {
    expect(contrast(ink, ground, "light"), `${ink} on ${ground}, light`).toBeGreaterThanOrEqual(light - ROUNDING);
    expect(contrast(ink, ground, "dark"), `${ink} on ${ground}, dark`).toBeGreaterThanOrEqual(dark - ROUNDING);
  }
});

test("every pair is well-formed: none slips past the measure", () => {
  const opaque = css.match(/--(?!veil)[\w-]+:\s*light-dark\(/g) ?? [];
  expect(tokens.size).toBe(opaque.length);
});

test("colours are named in tokens.css and nowhere else", () => {
  const folder = new URL(".", import.meta.url);
  const sheets = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".css") && path !== "tokens.css");
  expect(sheets.length).toBeGreaterThan(5);
  const named = sheets.filter((path) => /#[0-9a-f]{3,8}\b|rgb\(|hsl\(/i.test(readFileSync(new URL(path, folder), "utf8")));
  expect(named).toEqual([]);
});
