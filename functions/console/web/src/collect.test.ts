import { describe, expect, it } from "vitest";
import { type Collected, collect, NOTHING, rowsOf } from "./collect";

const HEADER = "id,at\r\n";

function pages(...texts: string[]) {
  const asked: (string | undefined)[] = [];
  const read = async (cursor: string | undefined) => {
    asked.push(cursor);
    const index = Number(cursor ?? 0);
    const text = texts[index];
    if (text === undefined) throw new Error("no such page");
    return { text, next: index + 1 < texts.length ? String(index + 1) : undefined };
  };
  return { read, asked };
}

describe("the export of the audit log (U513)", () => {
  it("follows the pages to one file with one header", async () => {
    const { read, asked } = pages(`${HEADER}"1","a"\r\n"2","b"\r\n`, `${HEADER}"3","c"\r\n`, HEADER);
    const seen: number[] = [];
    const { parts, rows, next } = await collect(NOTHING, "csv", read, ({ rows: so }) => seen.push(so));
    expect(parts.join("")).toBe(`${HEADER}"1","a"\r\n"2","b"\r\n"3","c"\r\n`);
    expect([rows, next]).toEqual([3, undefined]);
    expect(seen).toEqual([2, 3, 3]);
    expect(asked).toEqual([undefined, "1", "2"]);
  });

  it("keeps every line of JSON", async () => {
    const { read } = pages('{"id":1}\n{"id":2}\n', '{"id":3}\n');
    const { parts, rows } = await collect(NOTHING, "jsonl", read, () => {});
    expect(parts.join("")).toBe('{"id":1}\n{"id":2}\n{"id":3}\n');
    expect(rows).toBe(3);
  });

  it("goes on after a failure where it stopped", async () => {
    const { read } = pages(`${HEADER}"1"\r\n`, `${HEADER}"2"\r\n`);
    let kept: Collected = NOTHING;
    const failing = async (cursor: string | undefined) => {
      if (cursor === "1") throw new Error("the network broke");
      return read(cursor);
    };
    await expect(collect(NOTHING, "csv", failing, (so) => (kept = so))).rejects.toThrow("the network broke");
    const { parts } = await collect(kept, "csv", read, () => {});
    expect(parts.join("")).toBe(`${HEADER}"1"\r\n"2"\r\n`);
  });

  it("has no rows where the filters show nothing", async () => {
    expect(rowsOf(HEADER, "csv").count).toBe(0);
    expect(rowsOf("", "jsonl").count).toBe(0);
  });
});
