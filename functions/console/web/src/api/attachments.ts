import { client } from "./client";
import { unwrap } from "./problems";

/** Bytes that one call answers. */
const PART = 4 * 1024 * 1024;

/** A part of a file, with where it ends and how long the file is. */
interface Part {
  data: Blob;
  /** `Content-Range` of the answer; null for a whole file. */
  range: string | null;
}

/** Reads a file part by part. */
export async function readParts(read: (range: string) => Promise<Part>, type: string): Promise<Blob> {
  const parts: Blob[] = [];
  for (let start = 0; ; ) {
    const { data, range } = await read(`bytes=${start}-${start + PART - 1}`);
    parts.push(data);
    const found = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(range ?? "");
    const end = Number(found?.[2]) + 1;
    // Without a range, or without progress, this was all.
    if (!found || end >= Number(found[3]) || end <= start) return new Blob(parts, { type });
    start = end;
  }
}

/** A file of a message, fetched from the platform by the API. */
export function readAttachment(
  project: string,
  conversation: string,
  number: number,
  index: number,
  type: string,
  signal?: AbortSignal,
): Promise<Blob> {
  const path = { project_id: project, conversation_id: conversation, number, index };
  return readParts(async (Range) => {
    const answer = await client.GET(
      "/v1/projects/{project_id}/conversations/{conversation_id}/messages/{number}/attachments/{index}",
      { params: { path, header: { Range } }, parseAs: "blob", ...(signal && { signal }) },
    );
    const data: unknown = unwrap(answer);
    return {
      data: data instanceof Blob ? data : new Blob(),
      range: answer.response.status === 206 ? answer.response.headers.get("content-range") : null,
    };
  }, type);
}
