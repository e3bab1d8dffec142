import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { goods } from "./buyer.ts";
import { findChromium, howToInstall, launch } from "./chromium.ts";
import { type Site, type Standing, site } from "./standing.ts";

// Whole shops start and change here: a machine that has a lot else to do takes its time.
vi.setConfig({ testTimeout: 180_000 });

const chromium = findChromium();

if (chromium === undefined) {
  it("there is a browser, or none is demanded", () => {
    console.warn(howToInstall);
    expect(process.env.CI, howToInstall).toBeUndefined();
  });
} else {
  describe("the shop in a browser", () => journeys(chromium));
}

function journeys(program: string): void {
  let place: Site;
  let shop: Standing;
  let browser: Browser;
  beforeAll(async () => {
    place = await site();
    [shop, browser] = await Promise.all([place.up(), launch(program)]);
  });
  afterAll(async () => {
    await browser?.close();
    await place?.clear();
  });

  /** Does something in a window of its own, and sees to it that nothing went wrong in it. */
  async function inWindow(
    options: BrowserContextOptions,
    visit: (page: Page) => Promise<void>,
    expected: readonly string[] = [],
  ): Promise<void> {
    const context = await browser.newContext({ baseURL: shop.url, ...options });
    const wrong: string[] = [];
    try {
      const page = await context.newPage();
      page.setDefaultTimeout(20_000);
      page.on("pageerror", (error) => wrong.push(error.message));
      page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
      page.on("request", (request) => {
        if (!request.url().startsWith(shop.url)) wrong.push(`asked for ${request.url()}`);
      });
      await visit(page);
    } finally {
      await context.close();
    }
    expect(wrong.filter((each) => !expected.some((part) => each.includes(part)))).toEqual([]);
  }

  const stockOn = async (page: Page): Promise<number> =>
    Number(await page.getByTestId("product-stock").first().getAttribute("data-stock"));

  /** From a misspelt search to a confirmed order of two; the stock is lower by two then. */
  async function buysTwo(page: Page): Promise<void> {
    await page.goto("/");
    await page.getByTestId("search-input").fill("olivewod spon");
    await page.getByTestId("search-input").press("Enter");
    const found = page.getByTestId("result").first();
    expect(await found.getAttribute("data-product-id")).toBe(goods.plenty);
    await found.getByRole("link").first().click();
    await page.waitForURL(`**/products/${goods.plenty}`);
    const before = await stockOn(page);

    await page.getByLabel("Pieces").fill("2");
    await page.getByTestId("add-to-cart").click();
    await page.goto("/cart");
    expect(await page.getByTestId("cart-line").count()).toBe(1);
    expect(await page.getByTestId("cart-total").textContent()).toContain("29.00");
    await page.getByTestId("cart-checkout").click();
    await page.getByLabel("Name").fill("Ada Reader");
    await page.getByLabel("E-mail").fill("ada@example.com");
    await page.getByLabel("Address").fill("12 Long Lane");
    await page.getByTestId("place-order").click();
    await page.waitForURL("**/orders/*");
    await page.locator('[data-testid="order-status"][data-status="CONFIRMED"]').waitFor();

    await page.goto(`/products/${goods.plenty}`);
    expect(await stockOn(page)).toBe(before - 2);
    await page.goto("/cart");
    expect(await page.getByTestId("cart-line").count()).toBe(0);
  }

  it("a search with a typo ends in a confirmed order, and the stock is lower", () => inWindow({}, buysTwo));

  it("without JavaScript it works as well", () => inWindow({ javaScriptEnabled: false }, buysTwo));

  it("on a telephone, too", () =>
    inWindow({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }, async (page) => {
      await buysTwo(page);
      const wider = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
      expect(wider).toBe(0);
    }));

  it("what is sold out is shown so, and cannot be put into the cart", () =>
    inWindow({}, async (page) => {
      await page.goto("/");
      await page.getByTestId("search-input").fill("house slippers");
      await page.getByTestId("search-input").press("Enter");
      await page
        .locator(`[data-testid="result"][data-product-id="${goods.soldOut}"]`)
        .getByRole("link")
        .first()
        .click();
      await page.waitForURL(`**/products/${goods.soldOut}`);
      expect(await stockOn(page)).toBe(0);
      expect(await page.getByTestId("add-to-cart").count()).toBe(0);
    }));

  it("what somebody else bought meanwhile is refused before anything is ordered", () => {
    const visit = async (page: Page) => {
      const last = "games-shut-the-box";
      const key = { TableName: "Products", Key: { productID: { S: last } } };
      const stock = (pieces: number) =>
        shop.raw.dynamodb.updateItem({
          ...key,
          UpdateExpression: "SET stock = :stock",
          ExpressionAttributeValues: { ":stock": { N: String(pieces) } },
        });
      await stock(1);
      await page.goto(`/products/${last}`);
      await page.getByTestId("add-to-cart").click();
      await page.goto("/checkout");
      await page.getByLabel("Name").fill("Ada Reader");
      await page.getByLabel("E-mail").fill("ada@example.com");
      await page.getByLabel("Address").fill("12 Long Lane");
      await stock(0);
      const answer = page.waitForResponse((response) => response.request().method() === "POST");
      await page.getByTestId("place-order").click();
      expect((await answer).status()).toBe(409);
      await page.getByText("is sold out").first().waitFor();
      expect((await shop.buyer.product(last)).stock).toBe(0);
    };
    // A browser puts every answer that is no success into its console.
    return inWindow({}, visit, ["status of 409"]);
  });
}
