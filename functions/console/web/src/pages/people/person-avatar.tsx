import { useQuery } from "@tanstack/react-query";
import { chatUserPictureOptions, isKept } from "../../api/chat-user-pictures";
import type { ChatUser } from "../../api/chat-users";
import { usePictureAddress } from "../../frame/member-avatar";
import { useProjectId } from "../../frame/project-id";
import { Avatar } from "../../ui";

/** The picture that the platform told of a person, or initials. */
export function PersonAvatar({ person, size }: { person: ChatUser; size?: 32 | 40 }) {
  const project = useProjectId();
  const { data } = useQuery({ ...chatUserPictureOptions(project, person.id), enabled: isKept(person.avatar_url) });
  return <Avatar name={person.display_name} picture={usePictureAddress(data ?? undefined)} size={size} />;
}
