/** Whether a body is framed as `aws-chunked` (what the SDKs do with streams and trailing checksums). */
export const isAwsChunked = (headers: Readonly<Record<string, string | undefined>>): boolean =>
  /\baws-chunked\b/.test(headers["content-encoding"] ?? "") ||
  /^STREAMING-/.test(headers["x-amz-content-sha256"] ?? "");

/** Takes the frames `size[;chunk-signature=…]\r\n…\r\n` and the trailers off. Throws if the body is cut short. */
export function decodeAwsChunked(body: Buffer): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const line = body.indexOf("\r\n", at);
    const size = line < 0 ? Number.NaN : Number.parseInt(body.toString("latin1", at, line), 16);
    if (Number.isNaN(size)) throw new Error("an aws-chunked body ends before its last chunk");
    if (size === 0) return Buffer.concat(chunks);
    const start = line + 2;
    if (start + size > body.length) throw new Error("an aws-chunked body is shorter than its chunks say");
    chunks.push(body.subarray(start, start + size));
    at = start + size + 2;
  }
}
