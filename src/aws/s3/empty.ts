import type { Aws } from "../clients.ts";
import { isError } from "../errors.ts";

type Place = { readonly Bucket: string; readonly ExpectedBucketOwner: string };

/** Takes everything out of a bucket: objects with all their versions, the marks of deletions, and uploads that were never finished. */
export async function empty(aws: Aws, at: Place): Promise<void> {
  for (let next: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {}; next; ) {
    const page = await aws.s3.listObjectVersions({ ...at, ...next });
    const Objects = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({
      Key,
      VersionId,
    }));
    if (Objects.length > 0) await aws.s3.deleteObjects({ ...at, Delete: { Objects, Quiet: true } });
    next = page.IsTruncated ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker } : undefined;
  }
  for (let next: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {}; next; ) {
    const page = await aws.s3.listMultipartUploads({ ...at, ...next });
    for (const { Key, UploadId } of page.Uploads ?? []) {
      try {
        await aws.s3.abortMultipartUpload({ ...at, Key, UploadId });
      } catch (error) {
        if (!isError(error, "NoSuchUpload")) throw error;
      }
    }
    next = page.IsTruncated ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker } : undefined;
  }
}
