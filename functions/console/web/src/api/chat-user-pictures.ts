import { queryOptions } from "@tanstack/react-query";
import { client } from "./client";
import { isProblem, unwrap } from "./problems";

/** As long as the API lets browsers keep a picture. */
const KEPT = 60 * 60_000;

/** Whether an address is that of a picture that the API keeps. Those of platforms are not shown: the page asks no other host. */
export function isKept(address: string | null | undefined): boolean {
  return address?.endsWith("/avatar") === true && address.includes("/v1/projects/");
}

/** The picture of a chat user; null if there is none. */
export function chatUserPictureOptions(project: string, id: string) {
  return queryOptions({
    queryKey: ["chat-user-picture", project, id],
    queryFn: async ({ signal }) => {
      const params = { path: { project_id: project, chat_user_id: id } };
      try {
        const picture: unknown = unwrap(
          await client.GET("/v1/projects/{project_id}/chat-users/{chat_user_id}/avatar", {
            params,
            parseAs: "blob",
            signal,
          }),
        );
        return picture instanceof Blob && picture.size > 0 ? picture : null;
      } catch (error) {
        if (isProblem(error, "not-found")) return null;
        throw error;
      }
    },
    staleTime: KEPT,
  });
}
