import type { IncomingMessage, ServerResponse } from "node:http";
import type { Action, RedirectActionConfig } from "@aws-sdk/client-elastic-load-balancing-v2";

const titles = {
  502: "502 Bad Gateway",
  503: "503 Service Temporarily Unavailable",
  504: "504 Gateway Time-out",
} as const;

/** Answers for the load balancer itself, with the page an application load balancer has. */
export function sorry(response: ServerResponse, status: keyof typeof titles): void {
  const title = titles[status];
  const body = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`;
  const headers = { server: "awselb/2.0", "content-type": "text/html", "content-length": Buffer.byteLength(body) };
  response.writeHead(status, headers).end(body);
}

/** Answers with what a fixed-response or redirect action says. */
export function fixed(action: Action, request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  if (action.Type === "redirect") {
    const url = new URL(request.url ?? "/", `http://${request.headers.host ?? "localhost"}`);
    const values: Record<string, string> = {
      protocol: "http",
      host: url.hostname,
      port: url.port || "80",
      path: url.pathname.slice(1),
      query: url.search.slice(1),
    };
    const fill = (text = "") => text.replace(/#\{(\w+)\}/g, (_, name: string) => values[name] ?? "");
    const to: Partial<RedirectActionConfig> = action.RedirectConfig ?? {};
    const query = fill(to.Query);
    const location = `${fill(to.Protocol).toLowerCase()}://${fill(to.Host)}:${fill(to.Port)}${fill(to.Path)}${query && `?${query}`}`;
    const status = to.StatusCode === "HTTP_301" ? 301 : 302;
    response.writeHead(status, { server: "awselb/2.0", location, "content-length": 0 }).end();
    return;
  }
  const { StatusCode, ContentType = "text/plain", MessageBody = "" } = action.FixedResponseConfig ?? {};
  const length = Buffer.byteLength(MessageBody);
  const headers = { server: "awselb/2.0", "content-type": ContentType, "content-length": length };
  response.writeHead(Number(StatusCode), headers).end(MessageBody);
}
