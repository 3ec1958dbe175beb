import { client } from "./client";
import { unwrap } from "./problems";

export async function signOut(): Promise<void> {
  unwrap(await client.POST("/v1/auth/sign-out"));
}
