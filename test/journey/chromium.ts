import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge"];
const places = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/snap/bin/chromium",
];

export const howToInstall =
  "no browser found for the journey through the shop: `apt-get install chromium`, or set CHROME_PATH to a Chromium or Chrome";

/** Where this machine has a Chromium or Chrome: CHROME_PATH, in the PATH, or in the usual places. */
export function findChromium({ CHROME_PATH, PATH = "" }: NodeJS.ProcessEnv = process.env): string | undefined {
  const inPath = PATH.split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  return (CHROME_PATH ? [CHROME_PATH] : [...inPath, ...places]).find(isProgram);
}

/** Starts a browser that asks nobody on the network for anything but the page. */
export const launch = (executablePath: string): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
