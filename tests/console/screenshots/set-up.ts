import { world } from "./world.ts";

/** Makes what the pictures show, before several browsers ask for it at the same time. */
export default async function setUp(): Promise<void> {
  await world();
}
