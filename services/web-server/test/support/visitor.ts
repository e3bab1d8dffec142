/** What came back, with the page read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly location: string | null;
  readonly text: string;
}

/** A browser without scripts, as far as a shop needs one: keeps cookies, sends forms, does not follow redirects. */
export class Visitor {
  readonly cookies = new Map<string, string>();
  constructor(readonly url: string) {}

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send(path, { headers });
  }

  post(path: string, fields: Record<string, string>): Promise<Answer> {
    return this.send(path, { method: "POST", body: new URLSearchParams(fields) });
  }

  postJson(path: string, body: unknown): Promise<Answer> {
    return this.send(path, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    });
  }

  /** Opens the checkout page; answers the hidden fields that it brings along. */
  async checkoutForm(): Promise<Record<string, string>> {
    return hiddenFields((await this.get("/checkout")).text);
  }

  private async send(path: string, init: RequestInit & { headers?: Record<string, string> }): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(`${this.url}${path}`, {
      ...init,
      redirect: "manual",
      headers: { ...init.headers, ...(cookie === "" ? {} : { cookie }) },
    });
    for (const set of response.headers.getSetCookie()) this.keep(set);
    const { status, headers } = response;
    return { status, headers, location: headers.get("location"), text: await response.text() };
  }

  private keep(set: string): void {
    const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
    if (/expires=Thu, 01 Jan 1970/i.test(set)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

/** The hidden fields of the form that is sent to /checkout. */
export function hiddenFields(page: string): Record<string, string> {
  const fields = page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g);
  return Object.fromEntries([...fields].map(([, name = "", value = ""]) => [name, plain(value)]));
}

/** Markup back to text. */
const plain = (text: string): string =>
  text
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
