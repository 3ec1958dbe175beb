import { useQuery } from "@tanstack/react-query";
import { chatUserPictureOptions } from "../../api/chat-user-pictures";
import { usePictureAddress } from "../../frame/member-avatar";
import { Avatar } from "../../ui";
import { useNear } from "../../ui/use-near";

interface Props {
  project: string;
  chatUser: string;
  name: string;
  /** Whether the API keeps a picture. */
  hasPicture: boolean;
  size?: 32 | 40;
}

/** The picture of a chat user, read once it comes into sight, or the initials. */
export function PersonAvatar({ project, chatUser, name, hasPicture, size }: Props) {
  const { place, isNear } = useNear<HTMLSpanElement>(hasPicture);
  const isWanted = hasPicture && isNear;
  const { data } = useQuery({ ...chatUserPictureOptions(project, chatUser), enabled: isWanted });
  const address = usePictureAddress(data ?? undefined);
  return (
    <span ref={place}>
      <Avatar name={name} picture={address} size={size} />
    </span>
  );
}
