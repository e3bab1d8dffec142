import { createHash, randomBytes } from "node:crypto";
import type { S3 } from "@aws-sdk/client-s3";
import type { Handlers, Local } from "../service.ts";
import { readBytes, removeBytes, writeBytes } from "./disk.ts";
import { bytesOf, headersOf, sourceBytes, tagsOfHeader, writable } from "./objects.ts";
import { type Bucket, bucketOf, refusal, type S3State, type Upload } from "./state.ts";
import { push, shownId } from "./versions.ts";

const smallestPart = 5 * 1024 * 1024;

function uploadOf(
  bucket: Bucket,
  { UploadId = "", Key }: { UploadId: string | undefined; Key: string | undefined },
): Upload {
  const upload = bucket.uploads[UploadId];
  if (!upload || upload.key !== Key) throw refusal("NoSuchUpload", { UploadId });
  return upload;
}

async function addPart(local: Local, upload: Upload, number: number | undefined, bytes: Uint8Array) {
  if (number === undefined || number < 1 || number > 10_000) {
    throw refusal("InvalidArgument", {}, "Part number must be an integer between 1 and 10000, inclusive");
  }
  const part = { ...(await writeBytes(local, bytes)), at: local.clock.now() };
  await removeBytes(local, upload.parts[number]?.file);
  upload.parts[number] = part;
  return part;
}

/** Objects that are sent in parts. */
export const uploadHandlers: Handlers<S3, S3State> = {
  CreateMultipartUpload: (input, { state, account, local }) => {
    const bucket = bucketOf(state, input, account);
    const UploadId = randomBytes(48).toString("base64url");
    bucket.uploads[UploadId] = {
      key: input.Key ?? "",
      at: local.clock.now(),
      headers: headersOf(input),
      metadata: input.Metadata ?? {},
      tags: tagsOfHeader(input.Tagging),
      parts: {},
    };
    return { Bucket: input.Bucket, Key: input.Key, UploadId, ServerSideEncryption: "AES256" };
  },

  UploadPart: async (input, { state, account, local }) => {
    const upload = uploadOf(bucketOf(state, input, account), input);
    const { etag } = await addPart(local, upload, input.PartNumber, bytesOf(input.Body));
    return { ETag: etag, ServerSideEncryption: "AES256" };
  },

  UploadPartCopy: async (input, { state, account, local }) => {
    const upload = uploadOf(bucketOf(state, input, account), input);
    const { bytes } = await sourceBytes(state, account, local, input);
    const { etag, at } = await addPart(local, upload, input.PartNumber, bytes);
    return { CopyPartResult: { ETag: etag, LastModified: new Date(at) } };
  },

  ListParts: (input, { state, account }) => {
    const upload = uploadOf(bucketOf(state, input, account), input);
    const after = Number(input.PartNumberMarker ?? 0);
    const size = Math.min(input.MaxParts ?? 1000, 1000);
    const parts = Object.entries(upload.parts).filter(([number]) => Number(number) > after);
    const shown = parts.slice(0, size);
    return {
      Bucket: input.Bucket,
      Key: input.Key,
      UploadId: input.UploadId,
      StorageClass: "STANDARD",
      MaxParts: size,
      IsTruncated: parts.length > shown.length,
      NextPartNumberMarker: shown.at(-1)?.[0],
      Parts: shown.map(([number, part]) => ({
        PartNumber: Number(number),
        ETag: part.etag,
        Size: part.size,
        LastModified: new Date(part.at),
      })),
    };
  },

  ListMultipartUploads: (input, { state, account }) => {
    const { uploads } = bucketOf(state, input, account);
    const { Prefix = "", KeyMarker = "", MaxUploads = 1000 } = input;
    const fitting = Object.entries(uploads)
      .filter(([, { key }]) => key.startsWith(Prefix) && (KeyMarker === "" || key > KeyMarker))
      .sort(([, a], [, b]) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.at - b.at));
    const shown = fitting.slice(0, MaxUploads);
    return {
      Bucket: input.Bucket,
      Prefix,
      KeyMarker,
      MaxUploads,
      IsTruncated: fitting.length > shown.length,
      NextKeyMarker: fitting.length > shown.length ? shown.at(-1)?.[1].key : undefined,
      NextUploadIdMarker: fitting.length > shown.length ? shown.at(-1)?.[0] : undefined,
      Uploads: shown.map(([UploadId, { key, at }]) => ({
        UploadId,
        Key: key,
        Initiated: new Date(at),
        StorageClass: "STANDARD" as const,
        Owner: { ID: account },
        Initiator: { ID: account },
      })),
    };
  },

  AbortMultipartUpload: async (input, { state, account, local }) => {
    const bucket = bucketOf(state, input, account);
    const { parts } = uploadOf(bucket, input);
    delete bucket.uploads[input.UploadId ?? ""];
    for (const { file } of Object.values(parts)) await removeBytes(local, file);
    return {};
  },

  CompleteMultipartUpload: async (input, { state, account, local }) => {
    const bucket = bucketOf(state, input, account);
    const upload = uploadOf(bucket, input);
    const named = input.MultipartUpload?.Parts ?? [];
    if (named.length === 0) throw refusal("MalformedXML");
    const ordered = named.every(({ PartNumber = 0 }, index) => PartNumber > (named[index - 1]?.PartNumber ?? 0));
    if (!ordered) throw refusal("InvalidPartOrder");
    const parts = named.map(({ PartNumber = 0, ETag = "" }, index) => {
      const part = upload.parts[PartNumber];
      if (!part || part.etag.replaceAll('"', "") !== ETag.replaceAll('"', "")) {
        throw refusal("InvalidPart", { UploadId: input.UploadId, PartNumber, ETag });
      }
      if (part.size < smallestPart && index < named.length - 1) {
        throw refusal("EntityTooSmall", { MinSizeAllowed: smallestPart, ProposedSize: part.size, PartNumber, ETag });
      }
      return part;
    });
    writable(bucket.objects[upload.key], input);
    const written = await writeBytes(
      local,
      Buffer.concat(await Promise.all(parts.map(({ file }) => readBytes(local, file)))),
    );
    const sums = parts.map(({ etag }) => Buffer.from(etag.replaceAll('"', ""), "hex"));
    const etag = `"${createHash("md5").update(Buffer.concat(sums)).digest("hex")}-${parts.length}"`;
    const { headers, metadata, tags } = upload;
    const version = await push(local, bucket, upload.key, { ...written, etag, headers, metadata, tags });
    delete bucket.uploads[input.UploadId ?? ""];
    for (const { file } of Object.values(upload.parts)) await removeBytes(local, file);
    return {
      Bucket: input.Bucket,
      Key: input.Key,
      Location: `${local.url}/${input.Bucket}/${input.Key}`,
      ETag: etag,
      VersionId: shownId(bucket, version),
      ServerSideEncryption: "AES256",
    };
  },
};
