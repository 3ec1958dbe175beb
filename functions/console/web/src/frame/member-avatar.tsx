import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { memberImageOptions } from "../api/member-images";
import { Avatar } from "../ui/badge";

interface Props {
  /** Id of the member; without one, the initials stand alone. */
  member: string | undefined;
  name: string;
  size?: 24 | 32 | 40 | 64;
}

/** The picture of a member of the account that is shown, or the initials. */
export function MemberAvatar({ member, name, size }: Props) {
  const { data } = useQuery({ ...memberImageOptions(member ?? ""), enabled: member !== undefined });
  return <Avatar name={name} picture={usePictureAddress(data?.value)} size={size} />;
}

/** The address of a picture for as long as it is shown. */
export function usePictureAddress(picture: Blob | undefined): string | undefined {
  const [address, setAddress] = useState<string>();
  useEffect(() => {
    if (!picture) return;
    const made = URL.createObjectURL(picture);
    setAddress(made);
    return () => {
      setAddress(undefined);
      URL.revokeObjectURL(made);
    };
  }, [picture]);
  return address;
}
